"""A first step in PyTorch: reads its input (see ../first-steps/first-step.ts) from stdin, and prints the output as JSON.

The answer also says which version of PyTorch it comes from.
"""

import json
import sys
import time

import numpy
import torch
from torch import nn

from torch_model import model_of, training_step


def scattered(count, start):
    """The same numbers as in ../first-steps/given-numbers.ts."""
    h = numpy.arange(start, start + count, dtype=numpy.uint64).astype(numpy.uint32)
    h = (h ^ (h >> 16)) * numpy.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * numpy.uint32(0xC2B2AE35)
    return h ^ (h >> 16)


def given_numbers(count, start):
    return torch.from_numpy((scattered(count, start) / 2**31 - 1).astype("float32"))


def given_input(start, shape, high=None):
    count = int(numpy.prod(shape))
    if high is None:
        return given_numbers(count, start).reshape(shape)
    return torch.from_numpy((scattered(count, start) % high).astype("int32")).reshape(shape)


def give_weights(model):
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for place, name in enumerate(sorted(parameters)):
            parameter = parameters[name]
            if parameter.ndim == 1 and name.endswith("weight"):
                parameter.fill_(1)
                continue
            bound = 0.1 if parameter.ndim == 1 else (3 * parameter.shape[0] / parameter.numel()) ** 0.5
            numbers = given_numbers(parameter.numel(), place * 2**20).reshape(parameter.shape)
            parameter.copy_(numbers * bound)


def training(layers, loss, x, y=None, given_weights=False):
    model = model_of(layers)
    if given_weights:
        give_weights(model)
    step = training_step(model, loss, given_input(0, **x), y and given_input(1, **y), learning_rate=1e-4)
    return lambda: [step()]


def chain(operations):
    x = nn.Parameter(given_input(0, [16]))

    def compute():
        y = x.square()
        for _ in range(operations):
            y = y.tanh()
        loss = y.sum()
        loss.backward()
        gradient, x.grad = x.grad, None
        return [loss.item(), *gradient.tolist()]

    return compute


def stack(tensors):
    parts = [given_input(784 * i, [784]) for i in range(tensors)]

    def compute():
        joined = torch.stack(parts).reshape(-1)
        return [joined.numel(), joined[0].item(), joined[-1].item()]

    return compute


def concat(count):
    parameters = [nn.Parameter(given_input(4 * i, [4])) for i in range(count)]

    def compute():
        loss = torch.cat(parameters).square().sum()
        loss.backward()
        last = parameters[-1].grad
        for parameter in parameters:
            parameter.grad = None
        return [loss.item(), *last.tolist()]

    return compute


def step_of(task, given_weights):
    kind = task["kind"]
    if kind == "trainingStep":
        return training(task["layers"], task["loss"], task["x"], task.get("y"), given_weights)
    if kind == "chain":
        return chain(task["operations"])
    return stack(task["tensors"]) if kind == "stack" else concat(task["parameters"])


def main():
    question = json.load(sys.stdin)
    torch.set_num_threads(question["threads"])
    step = step_of(question["task"], question["givenWeights"])
    start = time.process_time()
    first = step()
    milliseconds = 1e3 * (time.process_time() - start)
    print(json.dumps({"version": torch.__version__, "milliseconds": milliseconds, "numbers": [first, step()]}))


if __name__ == "__main__":
    main()
