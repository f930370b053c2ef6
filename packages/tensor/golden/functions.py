"""Writes functions.jsonl beside it: calls of the composed functions, and what PyTorch or NumPy compute for them.

    npm run goldens -- --only tensor/golden/functions

The tests know the format as one call a line: the function's name, its arguments in order, and what it returns.
"""

import itertools
import json
import math
import pathlib

import numpy
import torch
from torch.nn import functional

from philox import Generator  # packages/graph/golden/philox.py

dtypes = {"bool": torch.bool, "int32": torch.int32, "float32": torch.float32, "float64": torch.float64}
random = numpy.random.RandomState(0)
inf, nan = math.inf, math.nan
lines = []
numpy.seterr(all="ignore")


def encode(value):
    if isinstance(value, (torch.Tensor, numpy.ndarray)):
        x = torch.as_tensor(value.copy(order="C")) if isinstance(value, numpy.ndarray) else value
        # Integers are int32 in the tests, also where torch counts in int64.
        x = x.to(torch.int32) if x.dtype == torch.int64 else x
        name = next(name for name, dtype in dtypes.items() if dtype == x.dtype)
        elements = (x.int() if name == "bool" else x).flatten().tolist()
        return {"dtype": name, "shape": list(x.shape), "data": encode(elements)}
    if isinstance(value, dict):
        return {key: encode(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no NaN and no infinities; strings stand for them.
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def case(call, *arguments, output):
    recorded = {"call": call, "arguments": encode(arguments), "output": encode(output)}
    lines.append(json.dumps(recorded, separators=(",", ":")))


def draw(*shape):
    """Numbers of few digits, so that the file stays small."""
    return torch.from_numpy(numpy.asarray(random.uniform(-2, 2, shape).round(3)))


def integers(*shape, low=-9, high=10):
    return torch.from_numpy(numpy.asarray(random.randint(low, high, shape), dtype=numpy.int32))


def flags(*shape):
    return integers(*shape, low=0, high=2).bool()


def float64(*elements):
    return torch.tensor(elements, dtype=torch.float64)


# Softmax and its kin: ordinary rows, rows that overflow without a shift, rows of −∞
huge = [[1e4, -1e4, 0, 9999], [-1e308, -1e308, 1e308, 0]]
extreme = float64(*huge, [-inf, -inf, -inf, -inf], [-inf, 0, -inf, 1], [1, nan, 2, 3])
for x in [draw(3, 4), extreme, draw(2, 0), draw(0, 3)]:
    for axis in [0, 1, -1]:
        case("softmax", x, {"axis": axis}, output=torch.softmax(x, axis))
        case("logSoftmax", x, {"axis": axis}, output=torch.log_softmax(x, axis))
        for keep in [False, True]:
            options = {"axis": axis, "keepDims": keep}
            case("logsumexp", x, options, output=torch.logsumexp(x, axis, keepdim=keep))
cube = draw(2, 3, 4)
case("softmax", cube, {"axis": 1}, output=torch.softmax(cube, 1))
case("logsumexp", float64(inf, 1), output=float64(inf)[0])
case("logsumexp", cube, output=torch.logsumexp(cube, (0, 1, 2)))
case("logsumexp", cube, {"axis": [0, 2]}, output=torch.logsumexp(cube, (0, 2)))

# Activations
wide = torch.cat([torch.linspace(-30, 30, 121, dtype=torch.float64), float64(-800, -60, 60, 800, 1e300, inf, nan)])
case("relu", wide, output=torch.relu(wide))
case("silu", wide, output=functional.silu(wide))
# torch's own is linear from 20 on.
case("softplus", wide, output=numpy.logaddexp(0, wide.numpy()))
case("gelu", wide, output=functional.gelu(wide))
case("gelu", wide, {"approximate": "none"}, output=functional.gelu(wide))
case("gelu", wide, {"approximate": "tanh"}, output=functional.gelu(wide, approximate="tanh"))
case("elu", wide, output=functional.elu(wide))
case("elu", wide, {"alpha": 0.3}, output=functional.elu(wide, 0.3))
case("selu", wide, output=functional.selu(wide))
case("leakyRelu", wide, output=functional.leaky_relu(wide))
case("leakyRelu", wide, {"negativeSlope": -0.5}, output=functional.leaky_relu(wide, -0.5))
case("hardtanh", wide, output=functional.hardtanh(wide))
case("hardtanh", wide, {"min": -2.5, "max": 0.5}, output=functional.hardtanh(wide, -2.5, 0.5))
case("mish", wide, output=functional.mish(wide))
for weight, shape in [([0.25], [3]), ([-0.5], []), ([0.25, -1, 3], [2, 3]), ([0.5, 2], [1, 2, 3, 1])]:
    x = torch.linspace(-3, 2, math.prod(shape), dtype=torch.float64).reshape(shape)
    case("prelu", x, float64(*weight), output=functional.prelu(x, float64(*weight)))

# Elementwise functions that are composed
special = float64(nan, inf, -inf, 0, 0.5, -0.5, 1.5, -1.5, 2, -3.7, 1e20)
for name, function in {
    "ceil": torch.ceil,
    "tan": torch.tan,
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "rsqrt": torch.rsqrt,
    "isNaN": torch.isnan,
    "isFinite": torch.isfinite,
    "logicalNot": torch.logical_not,
}.items():
    case(name, special, output=function(special))
for name, function in {
    "greater": torch.gt,
    "greaterEqual": torch.ge,
    "notEqual": torch.ne,
    "logicalAnd": torch.logical_and,
    "logicalOr": torch.logical_or,
}.items():
    case(name, special[:, None], special, output=function(special[:, None], special))
for bounds in [{"min": -1}, {"max": 0.5}, {"min": -1, "max": 1}, {"min": 1, "max": -1}]:
    case("clamp", special, bounds, output=special.clamp(**bounds))
whole = integers(6)
case("clamp", whole, {"min": -2, "max": 3}, output=whole.clamp(-2, 3))
for condition, a, b in [(flags(2, 1), draw(3), draw(2, 3)), (flags(2), 1.5, draw(2)), (flags(2), draw(2), 0)]:
    expected = torch.where(condition, *[torch.as_tensor(x, dtype=torch.float64) for x in (a, b)])
    case("where", condition, a, b, output=expected)

# Division with remainder, every combination of signs
for dividend, divisor in itertools.product([7, -7, 6, -6, 0, 2**31 - 1, -(2**31)], [3, -3, 2, -2, 1]):
    a, b = [torch.tensor([n], dtype=torch.int32) for n in (dividend, divisor)]
    case("floorDivide", a, b, output=torch.from_numpy(numpy.floor_divide(a.numpy(), b.numpy())))
    case("mod", a, b, output=torch.from_numpy(numpy.remainder(a.numpy(), b.numpy())))
signs = float64(7.5, -7.5, 6, -6, 0, 1, -1, 1e-3, 123.456)
divisors = float64(2.5, -2.5, 3, -3, 0.1, -0.1, 0.3, 1)
case("floorDivide", signs[:, None], divisors, output=numpy.floor_divide(signs[:, None].numpy(), divisors.numpy()))
case("mod", signs[:, None], divisors, output=torch.remainder(signs[:, None], divisors))
case("floorDivide", float64(1, -1, 0, nan), 0, output=float64(inf, -inf, nan, nan))

# Types of mixed arithmetic: tensors meet at the later type, a number adapts unless it cannot be held
samples = {
    "bool": torch.tensor([True, False, True]),
    "int32": torch.tensor([3, 1, 2], dtype=torch.int32),
    "float32": torch.tensor([1.5, 2, 0.5]),
    "float64": float64(0.25, 1.5, 3),
}
comparisons = {"maximum": torch.maximum, "minimum": torch.minimum, "less": torch.lt, "equal": torch.eq}
arithmetic = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow}


def counted(x):
    """Bools are counted as integers in arithmetic; torch has a rule of its own for each operation."""
    return x.int() if x.dtype == torch.bool else x


for (left, a), (right, b) in itertools.product(samples.items(), samples.items()):
    for name, function in comparisons.items():
        case(name, a, b, output=function(a, b))
    for name, function in arithmetic.items():
        case(name, a, b, output=function(counted(a), counted(b)))
    if left != "bool" or right != "bool":
        product = torch.dot(a.double(), b.double()).to(torch.result_type(counted(a), counted(b)))
        case("matmul", a, b, output=product)
for a, number in itertools.product(samples.values(), [2, 0.5]):
    for name, function in {**arithmetic, "less": torch.lt}.items():
        case(name, a, number, output=function(counted(a), number))
    case("sub", number, a, output=number - counted(a))
for a in samples.values():
    for name in ["exp", "sqrt", "sigmoid", "sum", "prod"]:
        case(name, a, output=getattr(torch, name)(a))
    case("cumsum", a, output=a.cumsum(0))

# Reductions
counts = integers(2, 3, 4, low=-3, high=4)
for axis, keep in itertools.product([None, 0, -1, [0, 2], [-3, -1, 1]], [False, True]):
    options = {**({} if axis is None else {"axis": axis}), "keepDims": keep}
    dim = [0, 1, 2] if axis is None else axis
    case("sum", cube, options, output=cube.sum(dim, keepdim=keep))
    case("sum", counts, options, output=counts.sum(dim, keepdim=keep))
    case("mean", cube, options, output=cube.mean(dim, keepdim=keep))
    case("amax", cube, options, output=cube.amax(dim, keepdim=keep))
    case("amin", cube, options, output=cube.amin(dim, keepdim=keep))
    case("amin", counts, options, output=counts.amin(dim, keepdim=keep))
    array = tuple(dim) if isinstance(dim, list) else dim
    case("prod", cube, options, output=numpy.asarray(cube.numpy().prod(array, keepdims=keep)))
    case("any", counts == 3, options, output=numpy.asarray((counts == 3).numpy().any(array, keepdims=keep)))
    case("all", counts != 3, options, output=numpy.asarray((counts != 3).numpy().all(array, keepdims=keep)))
    for correction in [0, 1, 2]:
        both = {**options, "correction": correction}
        case("variance", cube, both, output=torch.var(cube, dim, correction=correction, keepdim=keep))
        case("std", cube, both, output=torch.std(cube, dim, correction=correction, keepdim=keep))
    for order in [0, 0.5, 1, 2, 3, inf, -inf, -1]:
        expected = torch.linalg.vector_norm(cube, order, dim, keepdim=keep)
        case("norm", cube, {**options, "order": order}, output=expected)
case("variance", draw(3, 1), {"axis": 1}, output=torch.full([3], nan, dtype=torch.float64))
case("mean", draw(0, 2), {"axis": 0}, output=draw(0, 2).mean(0))
case("amin", torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32), output=torch.tensor(-(2**31)))
case("amin", torch.tensor([True, False]), output=torch.tensor(False))
case("any", draw(0, 2), {"axis": 0}, output=torch.tensor([False, False]))
case("all", draw(0, 2), {"axis": 0}, output=torch.tensor([True, True]))
case("std", torch.zeros(4), output=torch.tensor(0.0))

ties = float64([1, 3, 3, 2], [nan, 5, nan, 5], [-inf, -inf, -inf, -inf], [inf, nan, inf, 0])
tied = [ties, integers(3, 5, low=0, high=3), flags(3, 4), draw(3, 1)]
for x, axis, keep in itertools.product(tied, [0, 1, -2], [False, True]):
    options = {"axis": axis, "keepDims": keep}
    for name in ["max", "min"]:
        values, indices = getattr(x, name)(axis, keepdim=keep)
        case(name, x, options, output={"values": values, "indices": indices})
        # torch has no argmax of bools
        number = x.int() if x.dtype == torch.bool else x
        case("arg" + name, x, options, output=getattr(number, "arg" + name)(axis, keepdim=keep))
case("max", ties, output=ties.max())
case("min", ties[0], output=ties[0].min())
for axis in [0, 1, 2, -1]:
    case("cumsum", cube, {"axis": axis}, output=cube.cumsum(axis))
    case("cumsum", counts, {"axis": axis}, output=counts.cumsum(axis))

# Order
for x in [ties, draw(3, 5), integers(4, 6, low=0, high=3)]:
    for axis, descending in itertools.product([0, -1], [False, True]):
        values, indices = torch.sort(x, dim=axis, descending=descending, stable=True)
        options = {"axis": axis, "descending": descending}
        case("sort", x, options, output={"values": values, "indices": indices})
        case("argsort", x, options, output=indices)
distinct = draw(4, 5)
for axis, largest, count in itertools.product([0, -1], [True, False], [0, 1, 3]):
    values, indices = torch.topk(distinct, count, axis, largest)
    case("topk", distinct, count, {"axis": axis, "largest": largest}, output={"values": values, "indices": indices})

# Products
for a, b in [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((5, 1, 2, 3), (6, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((2, 0), (0, 3)),
    ((0, 2), (2, 3)), ((0, 2, 3), (3, 4)),
]:
    x, y = draw(*a), draw(*b)
    case("matmul", x, y, output=torch.matmul(x, y))
case("dot", x := draw(5), y := draw(5), output=torch.dot(x, y))
case("outer", x, z := draw(3), output=torch.outer(x, z))

for equation, *shapes in [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ji,jk->ki", (3, 2), (3, 4)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)),
    ("ba", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("iii->i", (3, 3, 3)), ("iij->j", (3, 3, 2)),
    ("iijj->ij", (2, 2, 3, 3)), ("iji->j", (3, 2, 3)), ("i,i", (3,), (3,)), ("i,j", (3,), (2,)),
    ("i,j->ji", (3,), (2,)), ("i,i->i", (3,), (3,)), ("ij,ij->i", (2, 3), (2, 3)), ("ij,j->", (2, 3), (3,)),
    ("ij,kl->", (2, 3), (4, 5)), ("ii,ij->j", (3, 3), (3, 2)), ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 5)),
    ("ab,ac,ad->bcd", (2, 3), (2, 4), (2, 5)), ("i,ij,j", (2,), (2, 3), (3,)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("...ij,...jk->...ik", (2, 5, 2, 3), (2, 5, 3, 4)),
    ("...i->...", (2, 3, 4)), ("...ij->...ji", (2, 3, 4)), ("i...->...", (2, 3, 4)),
    ("i...j->j...i", (2, 3, 4)), ("...i,i", (2, 3), (3,)), ("...,...", (2, 3), (2, 3)),
    ("...ij,...jk->...ik", (2, 5, 2, 3), (5, 3, 4)), ("...ij,jk->...ik", (2, 2, 3), (3, 4)),
    ("...i,...i->...i", (2, 2, 3), (2, 3)), ("...,i->...i", (), (3,)), ("B a , a C -> B C", (2, 3), (3, 4)),
    ("Za,aB", (2, 3), (3, 4)), ("ij,jk->ik", (2, 0), (0, 4)), (",->", (), ()),
]:
    operands = [draw(*shape) for shape in shapes]
    arrays = [x.numpy() for x in operands]
    case("einsum", equation, *operands, output=numpy.asarray(numpy.einsum(equation.replace(" ", ""), *arrays)))
case("einsum", "ij,jk", counts[0], counts[1].T.contiguous(), output=counts[0] @ counts[1].T)

# Movement
for _ in range(300):
    shape = random.randint(0, 6, random.randint(1, 4)).tolist()
    x = torch.arange(math.prod(shape), dtype=torch.int32).reshape(shape)
    sliced = random.randint(0, len(shape) + 1)
    bounds = [None if random.rand() < 0.25 else random.randint(-8, 9) for _ in range(2 * sliced)]
    steps = random.choice([-3, -2, -1, 1, 2, 3], sliced).tolist()
    ranges = list(zip(bounds[::2], bounds[1::2], steps))
    case("slice", x, ranges, output=x.numpy()[tuple(slice(*each) for each in ranges)])
grid = integers(3, 4)
case("slice", grid, [None, [1]], output=grid[:, 1:])
case("slice", grid, [[0, 2]], output=grid[0:2])
case("narrow", grid, 1, -3, 2, output=grid[:, -3:-1])
case("select", grid, 1, -1, output=grid[:, -1])
case("select", grid, 0, 2, output=grid[2])
for amounts in [[[0, 0], [0, 0]], [[1, 0], [2, 3]]]:
    case("pad", cube[0], amounts, output=numpy.pad(cube[0].numpy(), amounts))
    case("pad", grid, amounts, {"value": -7}, output=numpy.pad(grid.numpy(), amounts, constant_values=-7))
for shift, axis in itertools.product([0, 1, -1, 3, -5, 12], [0, 1, -1]):
    case("roll", grid, shift, {"axis": axis}, output=grid.roll(shift, axis))
for repeats in [[1, 1], [2, 3], [2, 1, 2], [0, 2]]:
    case("repeat", grid, repeats, output=grid.repeat(repeats))
for sizes, axis in itertools.product([1, 2, 5], [0, 1, -1]):
    case("split", grid, sizes, {"axis": axis}, output=list(grid.split(sizes, axis)))
case("split", grid, [1, 0, 3], {"axis": 1}, output=list(grid.split([1, 0, 3], 1)))
for k in range(-4, 5):
    case("tril", grid, k, output=grid.tril(k))
    case("triu", grid, k, output=grid.triu(k))
case("tril", cube, output=cube.tril())
case("triu", cube, output=cube.triu())
for axes in [[0], [1], [0, 1], [-1]]:
    case("flip", grid, axes, output=grid.flip(axes))
case("flip", grid, output=grid.flip([0, 1]))
case("transpose", cube, output=cube.transpose(-2, -1))
case("transpose", cube, 0, -1, output=cube.transpose(0, -1))
case("permute", cube, [2, -3, 1], output=cube.permute(2, 0, 1))
case("reshape", cube, [4, -1], output=cube.reshape(4, -1))
case("reshape", draw(0, 3), [-1, 3], output=draw(0, 3))
case("flatten", cube, {"startAxis": 1}, output=cube.flatten(1))
case("flatten", cube, {"endAxis": -2}, output=cube.flatten(0, -2))
case("flatten", (x := draw()), output=x.flatten())
case("squeeze", (x := draw(1, 3, 1)), output=x.squeeze())
case("squeeze", x, 0, output=x.squeeze(0))
case("squeeze", x, [0, -1], output=x.squeeze())
for axis in [0, 1, -1]:
    case("unsqueeze", grid, axis, output=grid.unsqueeze(axis))
case("expand", (x := draw(3, 1)), [2, 3, 4], output=x.expand(2, 3, 4))
case("expand", x, [-1, 2], output=x.expand(-1, 2))
for axis in [0, 1, -1]:
    case("concat", [grid, grid.flip(0)], {"axis": axis}, output=torch.cat([grid, grid.flip(0)], axis))
    case("stack", [grid, grid.flip(0)], {"axis": axis}, output=torch.stack([grid, grid.flip(0)], axis))
case("concat", list(samples.values()), output=torch.cat(list(samples.values())))
image = integers(2, 1, 5, 6)
for size, stride in [([2, 3], 1), ([3, 3], 2), ([5, 1], 1)]:
    expected = image.unfold(2, size[0], stride).unfold(3, size[1], stride)
    case("unfold", image, {"size": size, "stride": stride}, output=expected)
expected = image.unfold(2, 3, 1).unfold(3, 4, 2)[..., ::2, ::3]
case("unfold", image, {"size": [2, 2], "stride": [1, 2], "dilation": [2, 3]}, output=expected)

# Indexing
table = draw(4, 3)
for axis, shape, size in [(0, (2, 3), 4), (1, (4, 5), 3), (-1, (4, 0), 3)]:
    index = integers(*shape, low=0, high=size)
    case("gather", table, index, {"axis": axis}, output=table.gather(axis, index.long()))
    source = draw(*index.shape)
    case("scatterAdd", table, index, source, {"axis": axis}, output=table.scatter_add(axis, index.long(), source))
picks = [integers(*shape, low=0, high=3) for shape in [(), (5,), (2, 2)]]
for axis, index in itertools.product([0, 1, -1], picks):
    case("take", table, index, {"axis": axis}, output=numpy.take(table.numpy(), index.numpy(), axis))
case("oneHot", (index := integers(2, 3, low=0, high=4)), 5, output=functional.one_hot(index.long(), 5).float())
case("oneHot", index, 4, {"dtype": "int32"}, output=functional.one_hot(index.long(), 4))

# Creation
for arguments in [(5,), (0,), (2, 7), (7, 2), (1, 10, 3), (10, 1, -4), (-3, 0)]:
    case("arange", *arguments, output=numpy.arange(*arguments))
case("arange", 0, 1, 0.25, output=torch.arange(0, 1, 0.25))
case("arange", 0, 1, 0.1, {"dtype": "float64"}, output=numpy.arange(0, 1, 0.1))
for start, stop, count in [(0, 1, 5), (-1, 2, 7), (3, 3, 2), (5, -5, 3), (2, 9, 1), (0, 1, 0)]:
    expected = numpy.linspace(start, stop, count)
    case("linspace", start, stop, count, {"dtype": "float64"}, output=expected)
case("eye", 3, output=torch.eye(3))
case("eye", 2, 4, {"dtype": "int32"}, output=torch.eye(2, 4, dtype=torch.int32))

# The inverse of erf: both of its polynomials, its ends, and beyond them
inverse = float64(-1, -0.999, -0.5, -1e-9, 0, 1e-300, 0.1, 0.3, 0.8, 0.99, 0.996, 1, 1.5, nan)
case("erfinv", inverse, output=torch.erfinv(inverse))
case("erfinv", inverse.float(), output=torch.erfinv(inverse.float().double()).float())

# The inverse of sigmoid: inside, at both ends, and beyond them
chance = float64(0, 1e-9, 0.1, 0.5, 0.75, 0.999, 1, 1.5, -0.5, nan)
case("logit", chance, output=torch.logit(chance))
case("logit", chance, {"epsilon": 0.125}, output=torch.logit(chance, eps=0.125))

# Functions that are primitives by another door
plain = torch.cat([special, draw(4)])
for name, function in {
    "abs": torch.abs,
    "atan": torch.atan,
    "cos": torch.cos,
    "cosh": torch.cosh,
    "erf": torch.erf,
    "expm1": torch.expm1,
    "floor": torch.floor,
    "log": torch.log,
    "log1p": torch.log1p,
    "neg": torch.neg,
    "round": torch.round,
    "sin": torch.sin,
    "sinh": torch.sinh,
    "detach": torch.detach,
    "tanh": torch.tanh,
}.items():
    case(name, plain, output=function(plain))
# torch's sign of NaN is 0.
case("sign", plain, output=numpy.sign(plain.numpy()))
case("lessEqual", special[:, None], special, output=torch.le(special[:, None], special))
for x, dtype in itertools.product([float64(0, 0.5, -1.7, 3.2, 2.0), *samples.values()], dtypes):
    case("cast", x, dtype, output=x.to(dtypes[dtype]))
places = draw(2, 3, 4, 2, 2)
for options in [{"stride": 1}, {"stride": [2, 1], "dilation": [1, 2]}]:
    step, apart = [options.get(name, [1, 1]) for name in ["stride", "dilation"]]
    step = [step, step] if step == 1 else step
    lengths = [(n - 1) * s + d + 1 for n, s, d in zip((3, 4), step, apart)]
    # torch folds columns [N, kernel, places] to pictures.
    columns = places.permute(0, 3, 4, 1, 2).reshape(2, 4, 12)
    folded = functional.fold(columns, lengths, kernel_size=2, stride=step, dilation=apart)
    case("fold", places, {"lengths": lengths, **options}, output=folded[:, 0])

# More of creation
for data in [[[1, 2, 3], [4, 5, 6]], [0.5, -1], 7, [[True, False]], []]:
    made = torch.tensor(data)
    case("tensor", data, output=made if made.dtype == torch.bool else made.float())
case("tensor", [1.9, -1.9, 0.0], {"dtype": "float64"}, output=float64(1.9, -1.9, 0.0))
case("tensor", [1, 0, 1], {"dtype": "bool"}, output=torch.tensor([True, False, True]))
case("tensor", [1, 2, 3, 4], {"dtype": "int32", "shape": [2, 2]}, output=torch.tensor([[1, 2], [3, 4]]))
case("fromData", {"array": "int32", "data": [1, 2, 3, 4, 5, 6]}, [3, 2], output=torch.arange(1, 7).reshape(3, 2))
case("fromData", {"array": "float32", "data": [0.5, 1.5]}, [2], output=torch.tensor([0.5, 1.5]))
case("full", [2, 3], 1.5, output=torch.full([2, 3], 1.5))
case("full", [2], True, output=torch.full([2], True))
case("full", [], -3, {"dtype": "int32"}, output=torch.full([], -3, dtype=torch.int32))
for name in ["zeros", "ones"]:
    function = getattr(torch, name)
    case(name, [2, 3], output=function(2, 3))
    case(name, [0, 2], output=function(0, 2))
    for dtype in dtypes:
        case(name, [3], {"dtype": dtype}, output=function(3, dtype=dtypes[dtype]))
for x in [*samples.values(), cube]:
    case("zerosLike", x, output=torch.zeros_like(x))
    case("onesLike", x, output=torch.ones_like(x))
    case("fullLike", x, 1, output=torch.full_like(x, 1))

# Random numbers: Philox's words, and what the formulas of the docstrings make of them


def drawn(name, shape, options, output, seed, block=0):
    given = {**options, "generator": {"seed": seed, "block": block}}
    case(name, shape, given, output=torch.as_tensor(output).reshape(shape))


def words(generator, shape):
    return numpy.array(generator.words(math.prod(shape)), dtype=numpy.int64)


def unit(generator, shape, dtype):
    """The upper bits of words, the highest of them flipped: int32 counts from −2³¹."""
    flipped = lambda: words(generator, shape) ^ 2**31
    if dtype == "float32":
        return (flipped() >> 8).astype(numpy.float32) * numpy.float32(2**-24)
    return (flipped() >> 5) * 2.0**-27 + (flipped() >> 6) * 2.0**-53


for shape, seed, block in [([7], 0, 0), ([3, 5], 2**40 + 3, 2**33 - 1), ([0], 1, 0), ([], 5, 9)]:
    drawn("randomBits", shape, {}, words(Generator(seed, block), shape).astype(numpy.uint32).astype(numpy.int32), seed, block)
    for dtype in ["float32", "float64"]:
        kind = getattr(numpy, dtype)
        first = unit(generator := Generator(seed, block), shape, dtype)
        drawn("uniform", shape, {"dtype": dtype}, first, seed, block)
        scaled = first * kind(3) + kind(-1)
        drawn("uniform", shape, {"dtype": dtype, "low": -1, "high": 2}, scaled, seed, block)
        second = unit(generator, shape, dtype)
        radius = numpy.sqrt(-2 * numpy.log(1 - first.astype(float)))
        standard = radius * numpy.cos(2 * math.pi * second.astype(float))
        # In float32 the product 2π u is rounded, which a steep cosine shows; float64 is the proof.
        if dtype == "float64":
            drawn("normal", shape, {"dtype": dtype}, standard, seed, block)
            drawn("normal", shape, {"dtype": dtype, "mean": 2, "std": 0.5}, 2 + 0.5 * standard, seed, block)
    chance = unit(Generator(seed, block), shape, "float32")
    drawn("bernoulli", shape, {"probability": 0.3}, chance < 0.3, seed, block)
    fraction = unit(Generator(seed, block), shape, "float64")
    drawn("randint", shape, {"high": 6}, numpy.floor(fraction * 6).astype(numpy.int32), seed, block)
    drawn("randint", shape, {"low": -9, "high": 100}, (numpy.floor(fraction * 109) - 9).astype(numpy.int32), seed, block)

# A gate for each value: along the last axis, another, none that is left, and where the gate is shut or open
gated = draw(3, 4)
case("glu", gated, output=torch.nn.functional.glu(gated))
gated = draw(2, 6, 3)
case("glu", gated, {"axis": 1}, output=torch.nn.functional.glu(gated, 1))
case("glu", torch.zeros(2, 0, dtype=torch.float64), output=torch.zeros(2, 0, dtype=torch.float64))
gated = float64(2, 2, 2, inf, -1e3, 1e3, -inf, -1e3)
case("glu", gated, output=torch.nn.functional.glu(gated))

# Other element types than the default
for dtype in ["bool", "float64"]:
    case("oneHot", index, 4, {"dtype": dtype}, output=functional.one_hot(index.long(), 4).to(dtypes[dtype]))
case("arange", 0, 2, 1, {"dtype": "bool"}, output=torch.tensor([False, True]))
case("arange", 2**31, 2**31 + 3, 1, {"dtype": "float64"}, output=numpy.arange(2**31, 2**31 + 3, dtype=numpy.float64))
# Close or not: at the tolerance, integers that differ by more than an int32, infinities, NaN, and nothing at all
close = float64(1, -2, 3, inf)
for tolerance in [0.0, 1e-3, 0.5]:
    for options in [{}, {"relativeTolerance": tolerance}, {"absoluteTolerance": tolerance}]:
        for other in [close, close + 1e-6, close + 0.4, float64(1, -2, 3, -inf), float64(1, -2, nan, inf), float64(1)]:
            named = {"rtol": options.get("relativeTolerance", 1e-5), "atol": options.get("absoluteTolerance", 1e-8)}
            case("allClose", close, other, options, output=torch.tensor(torch.allclose(close, other, **named)))
far = torch.tensor([2**31 - 1, -(2**31)], dtype=torch.int32)
case("allClose", far, far, {}, output=torch.tensor(True))
case("allClose", far, torch.flip(far, [0]), {"relativeTolerance": 0.5}, output=torch.tensor(False))
missing = float64(1, nan)
for same in [False, True]:
    case("allClose", missing, missing, {"equalNaN": same}, output=torch.tensor(torch.allclose(missing, missing, equal_nan=same)))
nothing = torch.zeros(0, 3)
case("allClose", nothing, nothing, output=torch.tensor(torch.allclose(nothing, nothing)))

pathlib.Path(__file__).with_name("functions.jsonl").write_text("\n".join(lines) + "\n")
