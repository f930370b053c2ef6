"""Writes primitives.jsonl beside it: what PyTorch computes for every primitive's samples.

    npm run goldens -- --only graph/golden/primitives

It reads the samples from its standard input, as samples.mjs prints them. A primitive that torch knows by the same name (in
snake_case) needs nothing here; one that it spells differently is a row of the table below. The tests know the format as
one case a line: inputs and attributes as they arrived, and the output.
"""

import json
import math
import pathlib
import re
import sys

import numpy
import torch

from philox import philox_words

dtypes = {"bool": torch.bool, "int32": torch.int32, "float32": torch.float32, "float64": torch.float64}


def windows(x, size, stride, dilation):
    first = x.ndim - len(size)
    for i, (length, step, apart) in enumerate(zip(size, stride, dilation)):
        x = x.unfold(first + i, apart * (length - 1) + 1, step)[..., ::apart]
    return x


def overlap_add(x, shape, **window):
    """The transpose of windows, as its gradient."""
    source = torch.zeros(shape, dtype=x.dtype, requires_grad=True)
    return torch.autograd.grad(windows(source, **window), source, x)[0]


def pad(x, before, after, between, value):
    lengths = [b + a + n + max(n - 1, 0) * k for n, b, a, k in zip(x.shape, before, after, between)]
    padded = torch.full(lengths, value, dtype=x.dtype)
    padded[tuple(slice(b, b + n * (k + 1), k + 1) for n, b, k in zip(x.shape, before, between))] = x
    return padded


def product(x, axes):
    for axis in reversed(axes):
        x = x.prod(dim=axis)
    return x


def random_bits(state, shape):
    key0, key1, block0, block1 = [word % 2**32 for word in state.tolist()]
    words = philox_words([key0, key1], block1 * 2**32 + block0, math.prod(shape))
    return torch.tensor(words, dtype=torch.int64).to(torch.int32).reshape(shape)


def check(x, called, problems, hint):
    torch._assert_async((x == 0).all())
    return x


table = {
    # NaN rules are NumPy's; torch's sign of NaN is 0.
    "sign": lambda x: x.sign().where(x == x, x),
    "equal": torch.eq,
    # NumPy's is exact; torch's is NaN when the quotient overflows.
    "mod": lambda a, b: torch.from_numpy(numpy.asarray(numpy.remainder(a, b))),
    "cast": lambda x, dtype: x.to(dtypes[dtype]),
    "stopGradient": torch.detach,
    "sum": lambda x, axes: x.sum(dim=axes),
    "prod": product,
    "max": lambda x, axes: x.amax(dim=axes),
    "cumsum": lambda x, axis: x.cumsum(dim=axis),
    "permute": lambda x, axes: x.permute(axes),
    "expand": lambda x, shape: x.expand(shape),
    "slice": lambda x, starts, lengths, steps: x[
        tuple(slice(start, start + length * step, step) for start, length, step in zip(starts, lengths, steps))
    ],
    "flip": lambda x, axes: x.flip(axes),
    "pad": pad,
    "concat": lambda *inputs, axis: torch.cat(inputs, dim=axis),
    "windows": windows,
    "overlapAdd": overlap_add,
    "iota": lambda size: torch.arange(size),
    "gather": lambda x, index, axis: x.gather(axis, index.long()),
    "scatterAdd": lambda index, x, axis, size: torch.zeros(
        [size if i == axis else length for i, length in enumerate(x.shape)], dtype=x.dtype
    ).scatter_add(axis, index.long(), x),
    "argsort": lambda x, axis, descending: x.sort(dim=axis, descending=descending, stable=True).indices,
    "check": check,
    "randomBits": random_bits,
}


def spelling(name):
    return table.get(name) or getattr(torch, re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name))


def decode(tensor):
    elements = torch.tensor([float(element) for element in tensor["data"]], dtype=torch.float64)
    return elements.to(dtypes[tensor["dtype"]]).reshape(tensor["shape"])


def encode(x):
    # Integers are int32 here, also where torch counts in int64.
    x = x.to(torch.int32) if x.dtype == torch.int64 else x
    name = next(name for name, dtype in dtypes.items() if dtype == x.dtype)
    return {"dtype": name, "shape": list(x.shape), "data": [number(value) for value in x.flatten().tolist()]}


def number(value):
    """JSON has no NaN, no infinities and no negative zero; strings stand for them."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return int(value) if isinstance(value, bool) else value


numpy.seterr(all="ignore")
with open(pathlib.Path(__file__).with_name("primitives.jsonl"), "w") as file:
    for line in sys.stdin:
        case = json.loads(line)
        output = spelling(case["primitive"])(*map(decode, case["inputs"]), **case["attributes"])
        print(json.dumps({**case, "output": encode(output)}, separators=(",", ":")), file=file)
