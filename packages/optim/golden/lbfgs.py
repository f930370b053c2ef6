"""Writes lbfgs.json beside it with PyTorch: steps of L-BFGS on a curved valley, in float64.

    npm run goldens -- --only optim/golden/lbfgs

The loss of the parameters x [4] and y [2, 2], flattened to z [8], is Σ 10 (zᵢ₊₁ − zᵢ²)² + (1 − zᵢ)² (Rosenbrock's,
not as steep), and depends on the step in its scale, as if batches changed. Numbers are rounded to 13 digits.
"""

import json
import os

import torch
from torch.optim import lbfgs

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

# PyTorch 2 ends a line search also when `max_eval` is used up, which leaves a search in the middle. PyTorch 1.13 always
# allowed it 25 evaluations, as Stargrad does; `max_eval` then only decides whether a further iteration is begun.
strong_wolfe = lbfgs._strong_wolfe
lbfgs._strong_wolfe = lambda *arguments, max_ls, **options: strong_wolfe(*arguments, **options)


def write(values):
    return [float(f"{value:.13g}") for value in values]


def case(steps, strongWolfe=False, **options):
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
            loss = (10 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum() * (1 + 0.1 * (step % 3))
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        values.append(write(x.tolist() + y.flatten().tolist()))
    return {
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
]
with open(os.path.join(os.path.dirname(__file__), "lbfgs.json"), "w") as file:
    lines = [json.dumps(value, separators=(",", ":")) for value in cases]
    file.write(f'{{\n"start":{json.dumps(start)},\n"cases":[\n' + ",\n".join(lines) + "\n]}\n")
