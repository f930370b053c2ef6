"""Writes ema.json beside it with PyTorch: running averages of weights after each of some updates, in float64.

    python ema.py        (written with PyTorch 2.13; Debian: apt install python3-torch)

Numbers are rounded to 13 digits.
"""

import json
import os

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)
# At first, and after each step.
weights = [torch.randn(5, generator=generator).round(decimals=3) for _ in range(12)]


def write(x):
    return [float(f"{value:.13g}") for value in x.flatten().tolist()]


def averages(decay):
    model = torch.nn.Module()
    model.weight = torch.nn.Parameter(weights[0].clone())
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    # PyTorch's first update takes the weights as they are, which ours are when it is made.
    averaged.update_parameters(model)
    written = []
    for value in weights[1:]:
        model.weight.data = value.clone()
        averaged.update_parameters(model)
        written.append(write(averaged.module.weight))
    return {"decay": decay, "averages": written}


golden = {
    "weights": [write(value) for value in weights],
    "cases": [averages(decay) for decay in [0.999, 0.9, 0.5, 0.0, 1.0]],
}
with open(os.path.join(os.path.dirname(__file__), "ema.json"), "w") as file:
    fields = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in golden.items()]
    file.write("{\n" + ",\n".join(fields) + "\n}\n")
