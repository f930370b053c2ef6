"""Writes lbfgs.json beside it with PyTorch: steps of L-BFGS on a curved valley, in float64.

    npm run goldens -- --only optim/golden/lbfgs

The loss of the parameters x [4] and y [2, 2], flattened to z [8], is Σ 10 (zᵢ₊₁ − zᵢ²)² + (1 − zᵢ)² (Rosenbrock's,
not as steep), and depends on the step in its scale, as if batches changed. Other losses are Rosenbrock's own ("steep"), and a
quadratic with curvatures from 1 to 10⁶ ("stiff"). Numbers are rounded to 13 digits.
"""

import json
import os

import torch

torch.set_default_dtype(torch.float64)
start = [[-0.4, 0.3, 0.5, -0.2], [0.1, 0.6, -0.3, 0.2]]
names = {
    "historySize": "history_size",
    "learningRate": "lr",
    "maxEvaluations": "max_eval",
    "maxIterations": "max_iter",
    "toleranceChange": "tolerance_change",
    "toleranceGradient": "tolerance_grad",
}


def write(values):
    return [float(f"{value:.13g}") for value in values]


def valley(z):
    return (10 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum()


def steep(z):
    return (100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum()


def stiff(z):
    return (torch.tensor([1.0, 7, 50, 400, 3e3, 2e4, 1.5e5, 1e6]) * (z - 1) ** 2).sum()


def case(steps, strongWolfe=False, loss_of=valley, **options):
    x = torch.nn.Parameter(torch.tensor(start[0]))
    y = torch.nn.Parameter(torch.tensor(start[1]).reshape(2, 2))
    optimizer = torch.optim.LBFGS(
        [x, y],
        line_search_fn="strong_wolfe" if strongWolfe else None,
        **{names[key]: value for key, value in options.items()},
    )
    calls = 0
    values, losses = [], []
    for step in range(steps):

        def closure():
            nonlocal calls
            calls += 1
            optimizer.zero_grad()
            z = torch.cat([x, y.flatten()])
            loss = loss_of(z) * (1 + 0.1 * (step % 3))
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        values.append(write(x.tolist() + y.flatten().tolist()))
    return {
        "loss": loss_of.__name__,
        "options": {**options, "strongWolfe": strongWolfe},
        "calls": calls,
        "losses": write(losses),
        "values": values,
    }


cases = [
    case(8, learningRate=0.05, maxIterations=3),
    case(20, learningRate=0.1, maxIterations=1),
    case(8, learningRate=0.1, maxIterations=4, historySize=2),
    case(6, learningRate=0.1, maxIterations=8, maxEvaluations=5),
    case(6, strongWolfe=True, maxIterations=3),
    case(8, strongWolfe=True, maxIterations=2, historySize=3, learningRate=0.3),
    case(4, strongWolfe=True, maxIterations=2, learningRate=50),
    case(3, strongWolfe=True),
    case(4, strongWolfe=True, toleranceGradient=0.5, maxIterations=50),
    case(4, strongWolfe=True, toleranceChange=0.1, maxIterations=50),
    # The line search ends when the evaluations are used up, also within its first bracket.
    case(6, strongWolfe=True, maxIterations=4, maxEvaluations=5),
    case(4, strongWolfe=True, learningRate=1e-4, maxIterations=3, maxEvaluations=3),
    case(3, strongWolfe=True, maxIterations=3, maxEvaluations=1),
    case(1, strongWolfe=True, loss_of=steep),
    case(2, strongWolfe=True, loss_of=steep, maxIterations=40),
    case(4, strongWolfe=True, loss_of=steep, learningRate=20, maxIterations=3),
    case(3, strongWolfe=True, loss_of=stiff),
    case(2, strongWolfe=True, loss_of=stiff, toleranceChange=0.01, maxIterations=30),
    case(3, strongWolfe=True, loss_of=stiff, learningRate=1e-3, maxIterations=5),
]
with open(os.path.join(os.path.dirname(__file__), "lbfgs.json"), "w") as file:
    lines = [json.dumps(value, separators=(",", ":")) for value in cases]
    file.write(f'{{\n"start":{json.dumps(start)},\n"cases":[\n' + ",\n".join(lines) + "\n]}\n")
