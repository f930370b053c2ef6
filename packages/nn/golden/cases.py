"""What the scripts beside it share: drawing numbers, and writing cases of layers and losses as JSON.

Everything is float64. A tensor is {"shape", "data"}, with "dtype" if it is not float64. JSON has no words for NaN and
infinity: they are written as null and 1e999. Numbers are rounded to 13 digits.
"""

import json
import math
import os
import re

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)


def draw(*shape, decimals=2, scale=1.0):
    """Normal numbers with few decimals, which JSON holds exactly and in which pooling windows find ties."""
    return (torch.randn(shape, generator=generator) * scale).round(decimals=decimals)


def write_tensor(x):
    if x.dtype == torch.int64:
        return {"dtype": "int32", "shape": list(x.shape), "data": x.flatten().tolist()}
    if x.dtype == torch.bool:
        return {"dtype": "bool", "shape": list(x.shape), "data": x.flatten().int().tolist()}
    return {"shape": list(x.shape), "data": [write_number(v) for v in x.detach().flatten().tolist()]}


def write_number(value):
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.13g}")


def write_file(name, cases):
    lines = [re.sub(r"(?<![a-z])Infinity", "1e999", json.dumps(case, separators=(",", ":"))) for case in cases]
    with open(os.path.join(os.path.dirname(__file__), name), "w") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")


def layer_case(name, layer, x, *arguments, **options):
    """`arguments` and `options` build our layer; the weights travel by PyTorch's own names."""
    for parameter in layer.parameters():
        parameter.data = draw(*parameter.shape)
    state = write_state(layer)
    x.requires_grad_()
    y = layer(x)
    gradient = draw(*y.shape)
    y.backward(gradient)
    return {
        "layer": name,
        "arguments": arguments,
        "options": options,
        **({} if layer.training else {"training": False}),
        "state": state,
        "input": write_tensor(x),
        "gradient": write_tensor(gradient),
        "output": write_tensor(y),
        "inputGradient": write_tensor(x.grad),
        "stateGradients": {key: write_tensor(value.grad) for key, value in layer.named_parameters()},
        # Running statistics, which the layer itself has changed.
        **({"stateAfter": write_state(layer)} if list(layer.buffers()) else {}),
    }


def tensors_case(name, layer, inputs, call, arguments=(), options={}, tensors={}, flags={}, training=True):
    """`tensors` and `flags` are options of the call; `call` returns the outputs by name."""
    layer.train(training)
    for parameter in layer.parameters():
        parameter.data = draw(*parameter.shape, scale=0.7)
    everything = [*inputs, *tensors.values()]
    for x in everything:
        if x.is_floating_point():
            x.requires_grad_()
    outputs = call(layer, *inputs, **tensors)
    gradients = {key: draw(*y.shape) for key, y in outputs.items()}
    torch.autograd.backward(list(outputs.values()), list(gradients.values()))
    return {
        "layer": name,
        "arguments": arguments,
        "options": options,
        "flags": flags,
        **({} if training else {"training": False}),
        "state": write_state(layer),
        "inputs": [write_tensor(x) for x in inputs],
        "tensors": {key: write_tensor(x) for key, x in tensors.items()},
        "outputs": {key: write_tensor(y) for key, y in outputs.items()},
        "gradients": {key: write_tensor(g) for key, g in gradients.items()},
        "inputGradients": [None if x.grad is None else write_tensor(x.grad) for x in everything],
        "stateGradients": {key: write_tensor(value.grad) for key, value in layer.named_parameters()},
    }


def write_state(layer):
    return {key: write_tensor(value) for key, value in layer.state_dict().items()}


def loss_case(name, function, inputs, tensors={}, **options):
    """`inputs` are the prediction and the target; `tensors` are options that hold a tensor."""
    for x in inputs:
        if x.is_floating_point():
            x.requires_grad_()
    loss = function(*inputs, **tensors, **options)
    gradient = draw(*loss.shape)
    loss.backward(gradient)
    return {
        "loss": name,
        "inputs": [write_tensor(x) for x in inputs],
        "tensors": {key: write_tensor(value) for key, value in tensors.items()},
        "options": options,
        "gradient": write_tensor(gradient),
        "output": write_tensor(loss),
        "inputGradients": [write_tensor(x.grad) if x.grad is not None else None for x in inputs],
    }
