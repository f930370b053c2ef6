"""Writes optimizers.json beside it with PyTorch: ten steps of each optimizer under many options, in float64.

    python make.py        (written with PyTorch 1.13.0; Debian: apt install python3-torch)

Three parameters go through all cases with the same gradients: one has a gradient at every step, one has none at steps 2
and 5 (its own count of steps falls behind), and one never has any. Numbers are rounded to 13 digits; NaN is null.
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)
STEPS = 10


def draw(*shape):
    return torch.randn(shape, generator=generator).round(decimals=2)


def write(x):
    if x is None:
        return None
    return {"shape": list(x.shape), "data": [write_number(v) for v in x.flatten().tolist()]}


def write_number(value):
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.13g}")


start = [draw(3), draw(2, 2), draw(1)]
# Gradients of very different sizes, with zeros, so that the place of epsilon and of each correction shows.
gradients = []
for step in range(STEPS):
    scale = 10.0 ** (step % 4 - 2)
    always = (draw(3) * torch.tensor([1.0, 0.0 if step == 0 else 1.0, scale])).round(decimals=4)
    gradients.append([always, None if step in (2, 5) else draw(2, 2), None])

names = {"learningRate": "lr", "epsilon": "eps", "weightDecay": "weight_decay"}


def case(optimizer, *groups, **options):
    """`options` are ours, for all parameters; `groups` pairs the indices of parameters with options of their own."""
    parameters = [torch.nn.Parameter(x.clone()) for x in start]
    translate = lambda given: {names.get(key, key): value for key, value in given.items()}
    if groups:
        given = [{"params": [parameters[i] for i in indices], **translate(own)} for indices, own in groups]
    else:
        given = parameters
    # The implementation that goes from parameter to parameter is the one whose order of operations we follow.
    stepper = getattr(torch.optim, optimizer)(given, **translate(options), foreach=False)
    values = []
    for step in gradients:
        for parameter, gradient in zip(parameters, step):
            parameter.grad = None if gradient is None else gradient.clone()
        stepper.step()
        # The parameter without gradients is the same in every case and every step; the test knows.
        assert torch.equal(parameters[2], start[2])
        values.append([write(parameter.data)["data"] for parameter in parameters[:2]])
    return {
        "optimizer": optimizer,
        "options": options,
        "groups": [{"indices": indices, "options": own} for indices, own in groups],
        "values": values,
    }


cases = [
    case("SGD", learningRate=0.1),
    case("SGD", learningRate=0.1, weightDecay=0.3),
    case("SGD", learningRate=0.1, momentum=0.9),
    case("SGD", learningRate=0.1, momentum=0.9, dampening=0.4),
    case("SGD", learningRate=0.1, momentum=0.9, nesterov=True),
    case("SGD", learningRate=0.1, momentum=0.5, dampening=-0.2, weightDecay=0.1, maximize=True),
    case("SGD", learningRate=0.1, momentum=0.8, nesterov=True, weightDecay=0.2),
    case("SGD", learningRate=0.1, maximize=True),
    case(
        "SGD",
        ([0, 2], {"momentum": 0.9}),
        ([1], {"learningRate": 0.5, "weightDecay": 0.1}),
        learningRate=0.05,
    ),
]
for optimizer in ["Adam", "AdamW"]:
    cases += [
        case(optimizer),
        case(optimizer, learningRate=0.1),
        case(optimizer, learningRate=0.1, epsilon=0.1),
        case(optimizer, learningRate=0.1, betas=[0.5, 0.7], epsilon=0.1),
        # An element whose gradient is 0 becomes 0 / 0, and stays NaN.
        case(optimizer, learningRate=0.1, betas=[0, 0], epsilon=0),
        case(optimizer, learningRate=0.1, weightDecay=0.3),
        case(optimizer, learningRate=0.1, weightDecay=0.3, maximize=True, epsilon=0.1),
        case(optimizer, learningRate=0.1, betas=[0.9, 0.5], amsgrad=True),
        case(optimizer, learningRate=0.1, betas=[0.9, 0.5], amsgrad=True, epsilon=0.1, weightDecay=0.1),
        case(optimizer, learningRate=0.1, amsgrad=True, maximize=True),
        case(
            optimizer,
            ([1, 2], {"betas": [0.5, 0.9], "weightDecay": 0.5}),
            ([0], {"learningRate": 0.01, "epsilon": 0.1}),
            learningRate=0.1,
        ),
    ]

golden = {
    "start": [write(x) for x in start],
    "gradients": [[write(gradient) for gradient in step] for step in gradients],
}
with open(os.path.join(os.path.dirname(__file__), "optimizers.json"), "w") as file:
    fields = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in golden.items()]
    lines = [json.dumps(value, separators=(",", ":")) for value in cases]
    file.write("{\n" + ",\n".join(fields) + ',\n"cases":[\n' + ",\n".join(lines) + "\n]}\n")
