"""Writes running-statistics.json beside it with PyTorch: what running statistics become when forward passes are dropped,
added up, interrupted and mixed with updates, each in the order in which a program may do so.

    npm run goldens -- --only nn/golden/running-statistics

A scenario is a list of acts, of which each names a batch: forward 0, backward, step, evaluate 1, freeze, unfreeze, save,
load, fail 2 (a forward pass whose loss throws), read (all outputs so far; PyTorch has them anyway).
"""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from cases import draw, write_file, write_state, write_tensor


def batch_model():
    return nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2), nn.BatchNorm1d(2, momentum=None)
    )


def instance_model():
    norm = nn.InstanceNorm2d(2, affine=True, track_running_stats=True, momentum=0.3)
    return nn.Sequential(norm, nn.Tanh(), nn.InstanceNorm2d(2, track_running_stats=True))


def run(model, batches, acts):
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    outputs, loss, saved = [], None, None
    for act, *rest in acts:
        batch = batches[rest[0]] if rest else None
        if act == "forward":
            loss = model(batch).sigmoid().square().mean()
        elif act == "backward":
            loss.backward()
        elif act == "step":
            optimizer.step()
            optimizer.zero_grad()
        elif act == "evaluate":
            outputs.append(model.eval()(batch))
            model.train()
        elif act in ("freeze", "unfreeze"):
            model.requires_grad_(act == "unfreeze")
        elif act == "save":
            saved = copy.deepcopy(model.state_dict())
        elif act == "load":
            model.load_state_dict(saved)
        elif act == "fail":
            try:
                F.nll_loss(model(batch).reshape(len(batch), -1), torch.full((len(batch),), 99))
            except IndexError:
                continue
            raise AssertionError("the loss did not fail")
    return outputs


forward, evaluate, fail = (lambda batch, act=act: (act, batch) for act in ("forward", "evaluate", "fail"))
backward, step, read = ("backward",), ("step",), ("read",)

scenarios = {
    "a plain loop": [act for k in (0, 1, 2) for act in (forward(k), backward, step)],
    "two forward passes before one update": [
        act for k in (0, 1) for act in (forward(k), backward, forward(k + 1), backward, step)
    ],
    "a forward pass whose loss is dropped": [
        forward(0), forward(1), backward, step, forward(2), forward(0), backward, step,
    ],
    "a dropped pass, and updates long after it": [
        forward(0), *(act for k in (1, 2, 0) for act in (evaluate(k), forward(k), backward, step, read)),
    ],
    "nothing but dropped passes": [forward(k % 3) for k in range(40)],
    "eval right after a pass that nobody read": [forward(0), evaluate(1), forward(2), evaluate(0)],
    "an evaluation that is read after further passes": [forward(0), evaluate(1), forward(2)],
    "frozen": [
        forward(0), backward, step, ("freeze",), forward(1), forward(2), ("unfreeze",), forward(0), backward, step,
    ],
    "saved and loaded in between": [
        forward(0), ("save",), forward(1), backward, step, forward(2), ("load",), forward(2), evaluate(0),
    ],
    "loaded over a pass that nobody read": [("save",), forward(0), forward(1), ("load",), evaluate(2)],
    "a loss that throws": [forward(0), backward, step, fail(1), forward(2), backward, step, fail(0)],
}


def write_case(kind, name, acts):
    model = batch_model() if kind == "batch" else instance_model()
    for parameter in model.parameters():
        parameter.data = draw(*parameter.shape)
    batches = [draw(5, 3) + k if kind == "batch" else draw(4, 2, 2, 3) * (k + 1) for k in range(3)]
    state = write_state(model)
    outputs = run(model, batches, acts)
    return {
        "kind": kind,
        "name": name,
        "state": state,
        "batches": [write_tensor(batch) for batch in batches],
        "acts": acts,
        "outputs": [write_tensor(output) for output in outputs],
        "stateAfter": write_state(model),
    }


cases = [write_case(kind, name, acts) for kind in ("batch", "instance") for name, acts in scenarios.items()]
write_file("running-statistics.json", cases)
