"""Writes optimizers.json beside it: 100 steps of each optimizer under many options, in float64.

    npm run goldens -- --only optim/golden/make

All numbers are PyTorch's, but for those optimizers and options that PyTorch 1.13 lacked or had wrong: they come from
equations.py. Three parameters go through all cases with the same gradients: one has a gradient at every step, one has
none at steps 2 and 5 (its own count of steps falls behind), and one never has any. Values are written after the steps
in `steps`, rounded to 13 digits; NaN is null.
"""

import json
import math
import os

import numpy as np
import torch

import equations

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)
STEPS = 100
written_steps = [1, 2, 3, 7, 20, 50, 100]


def draw(*shape):
    return torch.randn(shape, generator=generator).round(decimals=2)


def write(x):
    return None if x is None else [write_number(v) for v in x.flatten().tolist()]


def write_number(value):
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.13g}")


start = [draw(3), draw(2, 3), draw(1)]
# Gradients of very different sizes, with zeros, so that the place of epsilon and of each correction shows.
gradients = []
for step in range(STEPS):
    scale = 10.0 ** (step % 4 - 2)
    always = (draw(3) * torch.tensor([1.0, 0.0 if step == 0 else 1.0, scale])).round(decimals=4)
    gradients.append([always, None if step in (2, 5) else draw(2, 3), None])

names = {
    "epsilon": "eps",
    "initialAccumulatorValue": "initial_accumulator_value",
    "learningRate": "lr",
    "learningRateDecay": "lr_decay",
    "weightDecay": "weight_decay",
}


def case(optimizer, *groups, **options):
    """`options` are ours, for all parameters; `groups` pairs the indices of parameters with options of their own."""
    groups_or_all = groups or [(range(len(start)), {})]
    run = run_equations if needs_equations(optimizer, options) else run_torch
    values = [value for step, value in enumerate(run(optimizer, groups_or_all, options), 1) if step in written_steps]
    return {
        "optimizer": optimizer,
        "options": options,
        "groups": [{"indices": indices, "options": own} for indices, own in groups],
        "values": values,
    }


def needs_equations(optimizer, options):
    return optimizer in ["Lamb", "Lion", "Muon", "NAdam"] or (
        optimizer == "RAdam" and ("maximize" in options or "decoupledWeightDecay" in options)
    )


def run_torch(optimizer, groups, options):
    """The parameters after each step."""
    translate = lambda given: {names.get(key, key): in_floats(value) for key, value in given.items()}
    parameters = [torch.nn.Parameter(x.clone()) for x in start]
    given = [{"params": [parameters[i] for i in indices], **translate(own)} for indices, own in groups]
    # The implementation that goes from parameter to parameter is the one whose order of operations we follow.
    stepper = getattr(torch.optim, optimizer)(given, **translate(options), foreach=False)
    for step in gradients:
        for parameter, gradient in zip(parameters, step):
            parameter.grad = None if gradient is None else gradient.clone()
        stepper.step()
        # The parameter without gradients is the same in every case and every step; the test knows.
        assert torch.equal(parameters[2], start[2])
        yield [write(parameter.data) for parameter in parameters[:2]]


def in_floats(value):
    """PyTorch takes no whole numbers for betas."""
    return tuple(map(float, value)) if isinstance(value, list) else value


def run_equations(optimizer, groups, options):
    """The parameters after each step."""
    equation = getattr(equations, optimizer.lower())
    parameters = [x.numpy() for x in start]
    taken = [0, 0]
    kept = [{}, {}]
    for step in gradients:
        for indices, own in groups:
            for i in indices:
                if step[i] is None:
                    continue
                taken[i] += 1
                gradient = step[i].numpy()
                parameters[i] = equation(parameters[i], gradient, taken[i], kept[i], **{**options, **own})
        yield [write(parameter) for parameter in parameters[:2]]


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

cases += [
    case("NAdam"),
    case("NAdam", learningRate=0.1),
    case("NAdam", learningRate=0.1, epsilon=0.1),
    case("NAdam", learningRate=0.1, betas=[0.5, 0.7], epsilon=0.1, momentumDecay=0.5),
    case("NAdam", learningRate=0.1, weightDecay=0.3),
    case("NAdam", learningRate=0.1, weightDecay=0.3, decoupledWeightDecay=True, epsilon=0.1),
    case("NAdam", learningRate=0.1, weightDecay=0.3, maximize=True, momentumDecay=0),
    case(
        "NAdam",
        ([1, 2], {"betas": [0.5, 0.9], "weightDecay": 0.5}),
        ([0], {"learningRate": 0.01, "epsilon": 0.1}),
        learningRate=0.1,
    ),
    case("RAdam"),
    case("RAdam", learningRate=0.1),
    case("RAdam", learningRate=0.1, epsilon=0.1),
    case("RAdam", learningRate=0.1, betas=[0.5, 0.9], epsilon=0.1),
    # The second moment never has enough to be trusted.
    case("RAdam", learningRate=0.1, betas=[0.9, 0.5]),
    case("RAdam", learningRate=0.1, weightDecay=0.3),
    case("RAdam", learningRate=0.1, weightDecay=0.3, decoupledWeightDecay=True, epsilon=0.1),
    case("RAdam", learningRate=0.1, weightDecay=0.3, maximize=True),
    case("Adagrad"),
    case("Adagrad", learningRate=0.5),
    case("Adagrad", learningRate=0.5, epsilon=0.1, initialAccumulatorValue=0.3),
    case("Adagrad", learningRate=0.5, learningRateDecay=0.2, weightDecay=0.3),
    case("Adagrad", learningRate=0.5, weightDecay=0.3, maximize=True, epsilon=0.1),
    case("Adagrad", ([0], {"learningRateDecay": 0.1}), ([1, 2], {"weightDecay": 0.1}), learningRate=0.1),
    case("Adadelta"),
    case("Adadelta", epsilon=0.1),
    case("Adadelta", learningRate=0.5, rho=0.5, epsilon=0.01),
    case("Adadelta", epsilon=0.1, weightDecay=0.3),
    case("Adadelta", epsilon=0.1, weightDecay=0.3, maximize=True),
    case("Adadelta", ([0], {"rho": 0.99}), ([1, 2], {"learningRate": 3}), epsilon=0.001),
    case("RMSprop"),
    case("RMSprop", learningRate=0.1, epsilon=0.1),
    case("RMSprop", learningRate=0.1, alpha=0.5, epsilon=0.1),
    case("RMSprop", learningRate=0.1, centered=True),
    case("RMSprop", learningRate=0.1, centered=True, epsilon=0.1, alpha=0.8),
    case("RMSprop", learningRate=0.01, momentum=0.9),
    case("RMSprop", learningRate=0.01, momentum=0.9, centered=True, epsilon=0.1, weightDecay=0.3),
    case("RMSprop", learningRate=0.1, weightDecay=0.3, maximize=True),
    case("RMSprop", ([0], {"centered": True}), ([1, 2], {"momentum": 0.5}), learningRate=0.05),
    case("Adamax"),
    case("Adamax", learningRate=0.1),
    case("Adamax", learningRate=0.1, epsilon=0.1),
    case("Adamax", learningRate=0.1, betas=[0.5, 0.7], epsilon=0.1),
    case("Adamax", learningRate=0.1, weightDecay=0.3),
    case("Adamax", learningRate=0.1, weightDecay=0.3, maximize=True, epsilon=0.1),
    case("Adamax", ([1, 2], {"betas": [0.5, 0.9]}), ([0], {"weightDecay": 0.5}), learningRate=0.1),
    case("Lion"),
    case("Lion", learningRate=0.1),
    case("Lion", learningRate=0.1, betas=[0.5, 0.9], weightDecay=0.3),
    case("Lion", learningRate=0.01, betas=[0.9, 0.5], weightDecay=0.3, maximize=True),
    case("Lion", ([1, 2], {"betas": [0.5, 0.9]}), ([0], {"weightDecay": 0.5}), learningRate=0.1),
    case("Muon", ([1], {})),
    case("Muon", ([1], {}), learningRate=0.1, weightDecay=0),
    case("Muon", ([1], {}), learningRate=0.1, momentum=0.5, nesterov=False, weightDecay=0.3),
    case("Muon", ([1], {}), learningRate=0.1, coefficients=[2, -1.5, 0.5], iterations=8, epsilon=3),
    case("Muon", ([1], {}), learningRate=0.1, matchAdamW=True, iterations=3, maximize=True),
    case("Lamb"),
    case("Lamb", learningRate=0.1),
    case("Lamb", learningRate=0.1, epsilon=0.1, weightDecay=0),
    case("Lamb", learningRate=0.1, betas=[0.5, 0.7], weightDecay=0.3, maximize=True),
    case("Lamb", ([1, 2], {"betas": [0.5, 0.9]}), ([0], {"weightDecay": 0.5}), learningRate=0.1),
]

# What the equations have in common with PyTorch, they have to the last digits.
for options in [{}, {"learningRate": 0.1, "betas": [0.5, 0.9], "epsilon": 0.1, "weightDecay": 0.3}]:
    everything = [(range(len(start)), {})]
    theirs, ours = (list(run("RAdam", everything, options)) for run in (run_torch, run_equations))
    for their_step, our_step in zip(theirs, ours):
        for their_value, our_value in zip(their_step, our_step):
            np.testing.assert_allclose(our_value, their_value, rtol=1e-11, atol=1e-11)

golden = {
    "steps": written_steps,
    "shapes": [list(x.shape) for x in start],
    "start": [write(x) for x in start],
    "gradients": [[write(gradient) for gradient in step] for step in gradients],
}
with open(os.path.join(os.path.dirname(__file__), "optimizers.json"), "w") as file:
    fields = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in golden.items()]
    lines = [json.dumps(value, separators=(",", ":")) for value in cases]
    file.write("{\n" + ",\n".join(fields) + ',\n"cases":[\n' + ",\n".join(lines) + "\n]}\n")
