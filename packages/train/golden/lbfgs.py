"""Writes lbfgs.json beside it with PyTorch: a small network that learns with L-BFGS, batch by batch, in float64.

    python lbfgs.py        (written with PyTorch 2.13.0)

The network is Linear(2, 3), Tanh, Linear(3, 1), the loss the mean squared error. Each case holds the loss before every
step, how often the closure was called, and the weights at the end. Numbers are rounded to 13 digits.
"""

import json
import os

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)
batch, items, epochs = 6, 12, 3
x = torch.randn(items, 2, generator=generator).round(decimals=2)
y = (x[:, :1] * x[:, 1:]).sin().round(decimals=3)
start = [torch.randn(*shape, generator=generator).round(decimals=2) for shape in [(3, 2), (3,), (1, 3), (1,)]]


def write(values):
    return [float(f"{value:.13g}") for value in values]


def case(strong_wolfe, learning_rate, max_iterations):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    for parameter, value in zip(model.parameters(), start):
        parameter.data = value.clone()
    optimizer = torch.optim.LBFGS(
        model.parameters(),
        lr=learning_rate,
        max_iter=max_iterations,
        line_search_fn="strong_wolfe" if strong_wolfe else None,
    )
    calls, losses = 0, []
    for _ in range(epochs):
        for first in range(0, items, batch):

            def closure():
                nonlocal calls
                calls += 1
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(x[first : first + batch]), y[first : first + batch])
                loss.backward()
                return loss

            losses.append(optimizer.step(closure).item())
    weights = {name: write(value.flatten().tolist()) for name, value in model.state_dict().items()}
    options = {"learningRate": learning_rate, "maxIterations": max_iterations, "strongWolfe": strong_wolfe}
    return {"options": options, "calls": calls, "losses": write(losses), "weights": weights}


content = {
    "x": x.flatten().tolist(),
    "y": y.flatten().tolist(),
    "start": [value.flatten().tolist() for value in start],
    "batch": batch,
    "epochs": epochs,
    "cases": [case(False, 0.1, 4), case(True, 1, 3)],
}
with open(os.path.join(os.path.dirname(__file__), "lbfgs.json"), "w") as file:
    json.dump(content, file, separators=(",", ":"))
    file.write("\n")
