"""Writes clip.json beside it with PyTorch: gradients before and after they are clipped, in float64.

    npm run goldens -- --only optim/golden/clip

Numbers are rounded to 13 digits; infinity is null.
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)
gradients = [torch.randn(shape, generator=generator).round(decimals=2) for shape in [(3,), (2, 3), ()]]


def write(x):
    return [float(f"{value:.13g}") for value in x.flatten().tolist()]


def clip(function, *arguments):
    parameters = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    norm = function(parameters, *arguments)
    return norm, [write(parameter.grad) for parameter in parameters]


def by_norm(max_norm, order):
    norm, clipped = clip(torch.nn.utils.clip_grad_norm_, max_norm, order)
    return {
        "maxNorm": max_norm,
        "order": None if math.isinf(order) else order,
        "norm": write(norm)[0],
        "clipped": clipped,
    }


def by_value(max_value):
    return {"maxValue": max_value, "clipped": clip(torch.nn.utils.clip_grad_value_, max_value)[1]}


golden = {
    "shapes": [list(gradient.shape) for gradient in gradients],
    "gradients": [write(gradient) for gradient in gradients],
    # The smallest norms show the 1e-6; at the largest nothing is clipped.
    "byNorm": [by_norm(*case) for case in [(1, 2), (1e-6, 2), (100, 2), (0.5, 1), (0.5, 3), (0.5, math.inf), (0, 2)]],
    "byValue": [by_value(value) for value in [0.5, 0.01, 100]],
}
with open(os.path.join(os.path.dirname(__file__), "clip.json"), "w") as file:
    fields = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in golden.items()]
    file.write("{\n" + ",\n".join(fields) + "\n}\n")
