"""Writes schedules.json beside it with PyTorch: learning rates under each schedule, and on a plateau.

    npm run goldens -- --only optim/golden/schedules

The learning rate of the optimizer is 1, so that its values are the factors. Schedules are written at the steps in
`steps`; PyTorch's one cycle ends with its last step and its cosine climbs after it, and ours stay, so these are written
up to their last step. Numbers are rounded to 13 digits.
"""

import json
import os
import warnings

import torch
from torch.optim import lr_scheduler as lr

# Some schedules are combined in the way that PyTorch announces to change.
warnings.filterwarnings("ignore")

steps = sorted({*range(25), *range(0, 400, 11), *range(98, 103), *range(198, 202), *range(298, 302)})


def write(value):
    return int(value) if value == int(value) else float(f"{value:.13g}")


def optimizer(rate=1.0):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def case(schedule, theirs, last=400, **options):
    """`theirs` makes PyTorch's schedule for an optimizer; `options` are those of ours."""
    sgd = optimizer()
    scheduler = theirs(sgd)
    factors = []
    for step in range(last):
        if step in steps:
            factors.append(write(sgd.param_groups[0]["lr"]))
        sgd.step()
        if step < last - 1:
            scheduler.step()
    return {"schedule": schedule, "options": options, "factors": factors}


def one_cycle(**options):
    return lambda sgd: lr.OneCycleLR(sgd, max_lr=1.0, cycle_momentum=False, **options)


def cyclic(base, **options):
    return lambda sgd: lr.CyclicLR(sgd, base_lr=base, max_lr=1.0, cycle_momentum=False, **options)


cases = [
    # Ours takes the factor alone.
    {**case("constant", lambda sgd: lr.ConstantLR(sgd, 0.3, 1000)), "options": 0.3},
    case("warmUp", lambda sgd: lr.LinearLR(sgd, start_factor=0.1, total_iters=100), steps=100, start=0.1),
    case("warmUp", lambda sgd: lr.LinearLR(sgd, total_iters=7), steps=7),
    case("step", lambda sgd: lr.StepLR(sgd, 30, 0.5), size=30, gamma=0.5),
    case("step", lambda sgd: lr.StepLR(sgd, 200), size=200),
    case(
        "multiStep",
        lambda sgd: lr.MultiStepLR(sgd, [10, 100, 100, 300], 0.3),
        milestones=[10, 100, 100, 300],
        gamma=0.3,
    ),
    case("exponential", lambda sgd: lr.ExponentialLR(sgd, 0.99), gamma=0.99),
    case("polynomial", lambda sgd: lr.PolynomialLR(sgd, 200), steps=200),
    case("polynomial", lambda sgd: lr.PolynomialLR(sgd, 300, 2.5), steps=300, power=2.5),
    case("cosine", lambda sgd: lr.CosineAnnealingLR(sgd, 200), last=200, steps=200),
    case("cosine", lambda sgd: lr.CosineAnnealingLR(sgd, 399, 0.1), steps=399, minimum=0.1),
    case("cosineWithRestarts", lambda sgd: lr.CosineAnnealingWarmRestarts(sgd, 50), period=50),
    case(
        "cosineWithRestarts",
        lambda sgd: lr.CosineAnnealingWarmRestarts(sgd, 11, 3, 0.05),
        period=11,
        multiplier=3,
        minimum=0.05,
    ),
    case("oneCycle", one_cycle(total_steps=400), steps=400),
    case(
        "oneCycle",
        one_cycle(total_steps=300, pct_start=0.11, div_factor=4.0, final_div_factor=10.0),
        last=300,
        steps=300,
        climb=0.11,
        initialDivisor=4,
        finalDivisor=10,
    ),
    case(
        "oneCycle",
        one_cycle(total_steps=400, anneal_strategy="linear", three_phase=True),
        steps=400,
        linear=True,
        threePhases=True,
    ),
    case(
        "oneCycle",
        one_cycle(total_steps=350, pct_start=0.45, three_phase=True),
        last=350,
        steps=350,
        climb=0.45,
        threePhases=True,
    ),
    case("cyclic", cyclic(0.1, step_size_up=40), climb=40, minimum=0.1),
    case("cyclic", cyclic(0.25, step_size_up=30, step_size_down=7), climb=30, fall=7, minimum=0.25),
    case("cyclic", cyclic(0, step_size_up=25, mode="triangular2"), climb=25, minimum=0, cycleGamma=0.5),
    case(
        "cyclic",
        cyclic(0.1, step_size_up=1, step_size_down=90, mode="exp_range", gamma=0.99),
        climb=1,
        fall=90,
        minimum=0.1,
        gamma=0.99,
    ),
]

sgd = optimizer()
scheduler = lr.SequentialLR(
    sgd,
    [
        lr.LinearLR(sgd, start_factor=0.2, total_iters=20),
        lr.ExponentialLR(sgd, 0.95),
        lr.CosineAnnealingLR(sgd, 300),
    ],
    [20, 100],
)
sequential = []
for step in range(400):
    if step in steps:
        sequential.append(write(sgd.param_groups[0]["lr"]))
    sgd.step()
    scheduler.step()

generator = torch.Generator().manual_seed(1)
# Falls, stays, falls again: with noise, so that thresholds matter.
noise = torch.rand(150, generator=generator, dtype=torch.float64)
figures = [
    round(1 + 2 * 0.9 ** min(step, 40) + 0.5 * 0.8 ** max(0, step - 90) + 0.02 * noise[step].item(), 4)
    for step in range(150)
]


def plateau(negate=False, **options):
    """`negate` turns the figures into some that should become large; `options` are ours."""
    names = {"thresholdMode": "threshold_mode", "minimum": "min_lr", "epsilon": "eps"}
    modes = {"relative": "rel", "absolute": "abs"}
    translated = {names.get(name, name): modes.get(value, value) for name, value in options.items()}
    sgd = optimizer()
    scheduler = lr.ReduceLROnPlateau(sgd, **translated)
    rates = []
    for figure in figures:
        scheduler.step(10 - figure if negate else figure)
        rates.append(write(sgd.param_groups[0]["lr"]))
    return {"negate": negate, "options": options, "rates": rates}


plateaus = [
    plateau(),
    plateau(factor=0.5, patience=2),
    plateau(factor=0.5, patience=0, cooldown=4),
    plateau(factor=0.5, patience=3, threshold=0.01),
    plateau(factor=0.5, patience=3, threshold=0.01, thresholdMode="absolute"),
    plateau(factor=0.5, patience=2, minimum=0.01),
    plateau(factor=0.5, patience=1, epsilon=0.1),
    plateau(negate=True, mode="max", factor=0.5, patience=3, threshold=0.001),
    plateau(negate=True, mode="max", factor=0.5, patience=3, threshold=0.03, thresholdMode="absolute", cooldown=2),
]

golden = {"steps": steps, "sequential": sequential, "figures": figures}
with open(os.path.join(os.path.dirname(__file__), "schedules.json"), "w") as file:
    lists = {"cases": cases, "plateaus": plateaus}
    fields = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in golden.items()]
    for name, values in lists.items():
        lines = [json.dumps(value, separators=(",", ":")) for value in values]
        fields.append(f'"{name}":[\n' + ",\n".join(lines) + "\n]")
    file.write("{\n" + ",\n".join(fields) + "\n}\n")
