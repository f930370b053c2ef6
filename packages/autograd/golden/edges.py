"""Writes edges.jsonl beside it: values, gradients and second gradients of PyTorch at the edges of each element type.

    npm run goldens -- --only autograd/golden/edges

The tests know the format as one call a line: the function's name, its inputs (tensors, or the name of an earlier line that
lists them), further arguments, what it returns, and for floats the gradients of Σ w y, and the gradients of Σ w g, where g are
those gradients and w counts 1, 2, 3 along the last axis. (Every function of single elements is given columns: rows of length 1,
whose weight is 1.) `"squared": true` means that the function's result is squared.
"""

import json
import math
import pathlib

import numpy
import torch
from torch.nn import functional as F

dtypes = {"bool": torch.bool, "int32": torch.int32, "float32": torch.float32, "float64": torch.float64}
inf, nan = math.inf, math.nan
lines = []
# Inputs that many calls share, and their names.
named = []
numpy.seterr(all="ignore")


def number(value):
    """JSON has no NaN, no infinities and no negative zero; strings stand for them."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    if isinstance(value, (bool, int)):
        return int(value)
    return value


def encode(x):
    # Integers are int32 in the tests, also where torch counts in int64.
    x = x.to(torch.int32) if x.dtype == torch.int64 else x
    # PyTorch returns some zeros without memory.
    x = torch.zeros(x.shape, dtype=x.dtype) if x._is_zerotensor() else x
    name = next(name for name, dtype in dtypes.items() if dtype == x.dtype)
    # The digits of float32, not those of the float64 that `tolist` returns.
    elements = [float(f"{x:.9g}") if name == "float32" else x for x in x.flatten().tolist()]
    return {"dtype": name, "shape": list(x.shape), "data": [number(x) for x in elements]}


def weighed(y):
    weights = torch.arange(1, y.shape[-1] + 1) if y.ndim > 0 else torch.tensor(1)
    return (y * weights.to(y.dtype)).sum()


def gradients(y, leaves):
    """Of a constant, PyTorch has no gradient; it is 0."""
    if not y.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    return torch.autograd.grad(weighed(y), leaves, create_graph=True, materialize_grads=True)


def shared(name, inputs):
    """Writes down the inputs of many calls, for `name` to stand for them."""
    lines.append(json.dumps({"name": name, "inputs": [encode(x) for x in inputs]}, separators=(",", ":")))
    named.append((name, inputs))
    return inputs


def case(call, function, inputs, further=(), squared=False):
    """`call`: the function's name here; `function`: PyTorch's."""
    name = next((name for name, known in named if known is inputs), None)
    record = {"call": call, "inputs": name or [encode(x) for x in inputs]}
    if further:
        record["further"] = further
    if squared:
        record["squared"] = True
    leaves = [x.clone() for x in inputs]
    if inputs[0].is_floating_point():
        leaves = [x.requires_grad_() for x in leaves]
    y = function(*leaves) ** 2 if squared else function(*leaves)
    record["value"] = encode(y.detach())
    if inputs[0].is_floating_point() and y.is_floating_point():
        first = gradients(y, leaves)
        record["first"] = [encode(x.detach()) for x in first]
        total = sum(weighed(each) for each in first)
        record["second"] = [encode(x.detach()) for x in gradients(total, leaves)]
    lines.append(json.dumps(record, separators=(",", ":"), allow_nan=False))


def column(dtype, numbers):
    return torch.tensor(numbers, dtype=dtypes[dtype]).reshape(-1, 1)


def both(positive):
    return [sign * x for x in positive for sign in (-1, 1)] + [nan]


limits = {name: numpy.finfo(name) for name in ("float32", "float64")}


def singles(dtype):
    """Zeros, a subnormal number, the smallest and the largest normal one, kinks, and sizes where functions saturate."""
    finfo = limits[dtype]
    edges = [float(finfo.smallest_subnormal), float(finfo.tiny), float(finfo.max), inf]
    return column(dtype, both([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 12.0, 20.0, 40.0, 100.0, *edges]))


def pairs(dtype):
    finfo = limits[dtype]
    numbers = both([0.0, 0.5, 1.0, 2.0, float(finfo.smallest_subnormal), float(finfo.max), inf])
    return [column(dtype, [pair[side] for pair in [(a, b) for a in numbers for b in numbers]]) for side in (0, 1)]


unary = {
    name: getattr(torch, name)
    for name in "neg abs floor ceil round exp expm1 log log1p sqrt rsqrt sin cos tan atan sinh cosh tanh sigmoid erf erfinv "
    "square reciprocal relu logit sign".split()
}
activations = {
    "silu": F.silu,
    "gelu": F.gelu,
    "softplus": F.softplus,
    "elu": F.elu,
    "selu": F.selu,
    "leakyRelu": F.leaky_relu,
    "hardtanh": F.hardtanh,
    "mish": F.mish,
}
binary = {
    name: getattr(torch, name) for name in "add sub mul div pow maximum minimum".split()
} | {"mod": torch.remainder, "floorDivide": lambda a, b: torch.div(a, b, rounding_mode="floor")}
comparisons = {
    "less": torch.lt,
    "lessEqual": torch.le,
    "equal": torch.eq,
    "notEqual": torch.ne,
    "greater": torch.gt,
    "greaterEqual": torch.ge,
}

kinked = {
    "abs": torch.abs,
    "relu": torch.relu,
    "leakyRelu": F.leaky_relu,
    "hardtanh": F.hardtanh,
    "elu": F.elu,
    "selu": F.selu,
}


def calls_of_singles(x):
    for name, function in (unary | activations).items():
        case(name, function, x)
    for name, function in kinked.items():
        case(name, function, x, squared=True)
    case("gelu", lambda x: F.gelu(x, approximate="tanh"), x, [{"approximate": "tanh"}])
    case("elu", lambda x: F.elu(x, 0.5), x, [{"alpha": 0.5}])
    case("elu", lambda x: F.elu(x, 0.5), x, [{"alpha": 0.5}], squared=True)
    case("leakyRelu", lambda x: F.leaky_relu(x, 0.2), x, [{"negativeSlope": 0.2}])
    case("hardtanh", lambda x: F.hardtanh(x, -2.0, 0.5), x, [{"min": -2, "max": 0.5}])
    case("logit", lambda x: torch.logit(x, 0.25), x, [{"epsilon": 0.25}])
    case("clamp", lambda x: x.clamp(-1, 2), x, [{"min": -1, "max": 2}])
    case("clamp", lambda x: x.clamp(-1, 2), x, [{"min": -1, "max": 2}], squared=True)
    case("clamp", lambda x: x.clamp(min=-1), x, [{"min": -1}])
    case("clamp", lambda x: x.clamp(max=0), x, [{"max": 0}])
    case("clamp", lambda x: x.clamp(1, -1), x, [{"min": 1, "max": -1}])
    case("isNaN", torch.isnan, x)
    case("isFinite", torch.isfinite, x)
    case("logicalNot", torch.logical_not, x)
    for exponent in [0, 0.5, 1, 1.5, 2, 3, -0.5, -1, -2]:
        case("pow", lambda x: x**exponent, x, [exponent])


def calls_of_order(x):
    """Of equal elements, −0 and 0 among them, the first comes first; NaN is the largest."""
    for descending in [False, True]:
        ordered = lambda x: x.sort(dim=-1, descending=descending, stable=True)
        case("sort", lambda x: ordered(x).values, x, [{"axis": -1, "descending": descending}])
        case("argsort", lambda x: ordered(x).indices, x, [{"axis": -1, "descending": descending}])
    case("any", lambda x: x.bool().any(-1), x, [{"axis": -1}])
    case("all", lambda x: x.bool().all(-1), x, [{"axis": -1}])


def calls_of_rows(x):
    options = {"axis": -1}
    calls_of_order(x)
    for name in "sum prod mean amax amin logsumexp cumsum softmax".split():
        case(name, lambda x: getattr(torch, name)(x, -1), x, [options])
    case("logSoftmax", lambda x: torch.log_softmax(x, -1), x, [options])
    for name in ["max", "min"]:
        case(name, lambda x: getattr(torch, name)(x, -1).values, x, [options])
    for name in ["argmax", "argmin"]:
        case(name, lambda x: getattr(torch, name)(x, -1), x, [options])
    for correction in [0, 1]:
        further = [{**options, "correction": correction}]
        case("variance", lambda x: torch.var(x, -1, correction=correction), x, further)
        case("std", lambda x: torch.std(x, -1, correction=correction), x, further)
    for order in [2, 0, 0.5, 1, 1.5, 3, inf, -inf, -1]:
        norm = lambda x: torch.linalg.vector_norm(x, order, dim=-1)
        case("norm", norm, x, [{**options, "order": number(order)}])


for dtype, finfo in limits.items():
    calls_of_singles(shared(f"{dtype} singles", [singles(dtype)]))
    x = shared(f"{dtype} pairs", pairs(dtype))
    for name, function in (binary | comparisons).items():
        case(name, function, x)
    for name in ["maximum", "minimum"]:
        case(name, binary[name], x, squared=True)
    case("logicalAnd", torch.logical_and, x)
    case("logicalOr", torch.logical_or, x)

    small, large = float(finfo.tiny), float(finfo.max)
    rows = [
        [0, 0, 0],
        [0, 4, 0],
        [0, 4, 9],
        [-2, 0, 1],
        [2, 1, 2],
        [-1, -1, -1],
        [1, 3, 2],
        [nan, 1, 2],
        [0, nan, 0],
        [inf, 1, 2],
        [inf, 1, inf],
        [-inf, 1, 2],
        [-inf, -inf, -inf],
        [inf, -inf, 0],
        [small, 0, 2 * small],
        [large, large, 1],
        [large, -large, 0],
    ]
    calls_of_rows(shared(f"{dtype} rows", [torch.tensor(rows, dtype=dtypes[dtype])]))
    calls_of_order(shared(f"{dtype} zeros", [torch.tensor([[0, -0.0, -1, 0, -0.0]], dtype=dtypes[dtype])]))
    calls_of_rows(shared(f"{dtype} rows of one", [column(dtype, [0, -0.0, 2, -2, nan, inf, -inf, large, small])]))
    calls_of_rows(shared(f"{dtype} no rows", [torch.zeros([0, 3], dtype=dtypes[dtype])]))
    empty = shared(f"{dtype} empty rows", [torch.zeros([2, 0], dtype=dtypes[dtype])])
    for name in "sum prod mean logsumexp cumsum softmax".split():
        case(name, lambda x: getattr(torch, name)(x, -1), empty, [{"axis": -1}])

# Integers and bools
extremes = [-(2**31), -(2**31) + 1, -7, -2, -1, 0, 1, 2, 7, 2**31 - 1]
x = shared("int32 singles", [column("int32", extremes)])
for name in "neg abs sign square".split():
    case(name, unary[name], x)
for name in ["floor", "ceil", "round"]:
    case(name, lambda x: x, x)
case("clamp", lambda x: x.clamp(-1, 2), x, [{"min": -1, "max": 2}])


def columns(dtype, tuples):
    return [column(dtype, side) for side in zip(*tuples)]


every = [(a, b) for a in extremes for b in extremes]
x = shared("int32 pairs", columns("int32", every))
for name in ["add", "sub", "mul", "maximum", "minimum", *comparisons]:
    case(name, (binary | comparisons)[name], x)
divisible = shared("int32 quotients", columns("int32", [pair for pair in every if pair[1] != 0]))
# NumPy's −2³¹ / −1 wraps around, as neg does; PyTorch's ends the process.
case("floorDivide", lambda a, b: torch.from_numpy(numpy.floor_divide(a.numpy(), b.numpy())), divisible)
case("mod", lambda a, b: torch.from_numpy(numpy.mod(a.numpy(), b.numpy())), divisible)
case("pow", torch.pow, columns("int32", [(a, b) for a in extremes for b in [0, 1, 2, 3, 31, 33]]))
x = shared("int32 rows", [torch.tensor([extremes, extremes[::-1]], dtype=torch.int32)])
calls_of_order(x)
options = {"axis": -1}
for name in ["amax", "amin", "argmax", "argmin", "cumsum", "sum", "prod"]:
    keeps = {"dtype": torch.int32} if name in ["cumsum", "sum", "prod"] else {}
    case(name, lambda x: getattr(torch, name)(x, -1, **keeps), x, [options])
for name in ["max", "min"]:
    case(name, lambda x: getattr(torch, name)(x, -1).values, x, [options])

pair = shared("bool pairs", columns("bool", [(a, b) for a in (False, True) for b in (False, True)]))
for name, function in {"maximum": torch.logical_or, "minimum": torch.logical_and, **comparisons}.items():
    case(name, function, pair)
x = shared("bool rows", [torch.tensor([[False, False], [False, True], [True, True]])])
calls_of_order(x)
for name in ["amax", "amin", "sum"]:
    case(name, lambda x: getattr(torch, name)(x, -1), x, [options])
for name in ["argmax", "argmin"]:
    case(name, lambda x: getattr(torch, name)(x.int(), -1), x, [options])

# Conversions: NaN to an integer is 0, and numbers out of range become the nearest integer, as in WebAssembly and Rust. C leaves
# both undefined, and so does PyTorch.
for source in limits:
    x = [singles(source)]
    case("cast", lambda x: x != 0, x, ["bool"])
    saturated = x[0].double().nan_to_num(0, 2**31, -(2**31)).clamp(-(2**31), 2**31 - 1).to(torch.int32)
    case("cast", lambda x: saturated, x, ["int32"])
for target in dtypes:
    case("cast", lambda x: x.to(dtypes[target]), [column("bool", [False, True])], [target])
    case("cast", lambda x: x.to(dtypes[target]), [column("int32", extremes)], [target])
case("cast", lambda x: x.to(torch.float32), [singles("float64")], ["float32"])

pathlib.Path(__file__).with_name("edges.jsonl").write_text("\n".join(lines) + "\n")
