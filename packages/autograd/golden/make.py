"""Writes gradients.json beside it: what PyTorch's autograd says about each case of golden.test.ts, by name.

    npm run goldens -- --only autograd/golden/make

Everything is float64. A case is given its inputs as leaves, calls `backward`, and what is recorded is each leaf's `.grad`: null if it has none.
"""

import json

import torch
from torch.nn import functional as F

cases = {}


def tensor(data):
    return torch.tensor(data, dtype=torch.float64)


def record(x):
    return None if x is None else {"shape": list(x.shape), "data": x.flatten().tolist()}


def case(name, *inputs):
    def run(body):
        leaves = [x.clone().requires_grad_() for x in inputs]
        body(*leaves)
        cases[name] = {
            "inputs": [record(x.detach()) for x in leaves],
            "gradients": [record(x.grad) for x in leaves],
        }

    return run


def weighed(y):
    """Sums y with the weights 1, 2, 3, ... so that no two elements can be mistaken for each other."""
    return (y * torch.arange(1, y.numel() + 1, dtype=torch.float64).reshape(y.shape)).sum()


def of(name, f, *inputs):
    """A case that differentiates a function once."""
    case(name, *inputs)(lambda *leaves: weighed(f(*leaves)).backward())


def twice(name, f, x):
    """A case that differentiates the gradient of a function."""

    def body(leaf):
        (gradient,) = torch.autograd.grad(weighed(f(leaf)), leaf, create_graph=True)
        weighed(gradient).backward()

    case(name, x)(body)


def thrice(name, f, x):
    def body(leaf):
        (first,) = torch.autograd.grad(weighed(f(leaf)), leaf, create_graph=True)
        (second,) = torch.autograd.grad(weighed(first), leaf, create_graph=True)
        weighed(second).backward()

    case(name, x)(body)


v = tensor([0.5, -1.5, 2.0])
w = tensor([1.0, 0.25, -2.0])
m = tensor([[1.0, -2.0, 0.5], [0.75, 3.0, -1.25]])
square = tensor([[0.5, -1.0], [2.0, 0.25]])


# backward


@case("two backward calls accumulate", v)
def _(x):
    weighed(x**2).backward()
    weighed(x * 3).backward()


@case("one loss twice counts twice", v)
def _(x):
    loss = weighed(x**3)
    loss.backward(retain_graph=True)
    loss.backward()


@case("two losses share what they are computed from", v, w)
def _(x, y):
    hidden = torch.tanh(x * y)
    hidden.sum().backward(retain_graph=True)
    (hidden**2).sum().backward()


@case("a gradient argument weighs the elements of the loss", m)
def _(x):
    (x**2).backward(tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 3.0]]))


@case("a gradient argument scales a scalar loss", v)
def _(x):
    (x**2).sum().backward(tensor(-0.5))


@case("an unused parameter has no gradient", v, w)
def _(x, y):
    weighed(x**2).backward()


@case("a parameter multiplied by 0 has the gradient 0", v, w)
def _(x, y):
    weighed(x**2 + y * 0).backward()


@case("tied weights receive both gradients", square, tensor([[1.0, 2.0], [-1.0, 0.5]]))
def _(weight, x):
    weighed(torch.tanh(x @ weight) @ weight.T).backward()


@case("a parameter used in one operation twice", v)
def _(x):
    weighed(x * x / (x + x)).backward()


@case("detach cuts one of two paths", v)
def _(x):
    weighed(x * x.detach()).backward()


@case("detach cuts everything before it", v, w)
def _(x, y):
    weighed(torch.exp(x).detach() * y).backward()


@case("a frozen parameter has no gradient", v, w)
def _(x, y):
    y.requires_grad_(False)
    weighed(x * y).backward()


@case("the loss is a parameter itself", tensor(3.0))
def _(x):
    x.backward()


# broadcasting

for a, b in [
    ([2, 3], [3]),
    ([2, 3], [1, 3]),
    ([2, 1], [1, 3]),
    ([2, 3], []),
    ([], []),
    ([1], []),
    ([4, 2, 3], [2, 1]),
    ([1, 1], [2, 3]),
    ([0, 3], [1, 3]),
    ([0, 3], [3]),
    ([0], [1]),
    ([0], []),
    ([2, 0, 3], [2, 1, 1]),
]:

    def draw(shape, low):
        count = torch.Size(shape).numel()
        return (low + torch.arange(count, dtype=torch.float64) * 0.3).reshape(shape)

    for name, f in {
        "add": torch.add,
        "mul": torch.mul,
        "div": torch.div,
        "pow": torch.pow,
        "maximum": torch.maximum,
        "where": lambda x, y: torch.where(tensor([True, False, True]).bool(), x, y),
    }.items():
        if name == "where" and not (a[-1:] + b[-1:]).count(3):
            continue
        of(f"{name} of {a} and {b}", f, draw(a, 0.5), draw(b, 0.7))

of("matmul with broadcast batches", torch.matmul, draw([2, 1, 2, 3], -1), draw([4, 3, 2], -2))
of("matmul of a vector and a matrix", torch.matmul, draw([3], -1), draw([3, 2], -1))
of("matmul over an empty axis", torch.matmul, draw([2, 0], 0), draw([0, 3], 0))
of("expand", lambda x: x.expand(4, 2, 3), draw([2, 1], 0))
of("sum over an empty axis", lambda x: x.sum(0), draw([0, 2], 0))
of("prod over an empty axis", lambda x: x.prod(0), draw([0, 2], 0))
of("mean over several axes", lambda x: x.mean((0, 2)), draw([2, 3, 2], -1))


# kinks

ties = tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])

of("amax without axis shares among ties", lambda x: x.amax(), ties)
of("amax along an axis shares among ties", lambda x: x.amax(1), ties)
of("amin without axis shares among ties", lambda x: x.amin(), ties)
of("amin along an axis shares among ties", lambda x: x.amin(0), ties)
of("max without axis shares among ties", lambda x: x.max(), ties)
of("min without axis shares among ties", lambda x: x.min(), ties)
of("max along an axis goes to the index", lambda x: x.max(1).values, ties)
of("min along an axis goes to the index", lambda x: x.min(1).values, ties)

bounds = tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
of("clamp at both bounds", lambda x: x.clamp(-1, 1), bounds)
of("clamp at its lower bound", lambda x: x.clamp(min=-1), bounds)
of("clamp at its upper bound", lambda x: x.clamp(max=1), bounds)

around = tensor([-1.5, -0.5, 0.0, 0.5, 1.5])
of("abs", torch.abs, around)
of("sign", torch.sign, around)
of("relu", F.relu, around)
of("round", torch.round, around)
of("floor", torch.floor, around)
of("ceil", torch.ceil, around)
of("softplus", F.softplus, around)
of("silu", F.silu, around)
of("gelu", F.gelu, around)
of("gelu by tanh", lambda x: F.gelu(x, approximate="tanh"), around)

of("maximum of ties", torch.maximum, tensor([1.0, 2.0, 3.0]), tensor([2.0, 2.0, 2.0]))
of("minimum of ties", torch.minimum, tensor([1.0, 2.0, 3.0]), tensor([2.0, 2.0, 2.0]))
of("mod", torch.remainder, tensor([-3.5, 3.5, 4.0]), tensor([2.0, -2.0, 1.5]))

constant = tensor([[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]])
of("std of equal elements", lambda x: x.std(1), constant)
of("variance of equal elements", lambda x: x.var(1), constant)
of("variance without correction", lambda x: x.var(1, unbiased=False), constant)
zero_row = tensor([[0.0, 0.0, 0.0], [3.0, 0.0, -4.0]])
of("norm at zero", lambda x: torch.linalg.vector_norm(x, dim=1), zero_row)
of("norm of order 1 at zero", lambda x: torch.linalg.vector_norm(x, 1, dim=1), zero_row)
of("norm of order 3 at zero", lambda x: torch.linalg.vector_norm(x, 3, dim=1), zero_row)
of("norm of order 3", lambda x: torch.linalg.vector_norm(x, 3, dim=1), m)
of("norm of order Infinity", lambda x: torch.linalg.vector_norm(x, float("inf"), dim=1), m)

of("prod without zeros", lambda x: x.prod(1), m)
of("prod with one zero", lambda x: x.prod(1), tensor([[2.0, 0.0, 3.0], [0.0, -1.0, 4.0]]))
of("prod with two zeros", lambda x: x.prod(), tensor([2.0, 0.0, 3.0, 0.0]))

for exponent in [0, 1, 2, 3]:
    of(f"x to the power {exponent} at 0", lambda x: x**exponent, tensor([0.0, -2.0, 3.0]))
of("0 to a power, by the exponent", lambda y: tensor(0.0) ** y, tensor([0.0, 0.5, 2.0]))
of("pow by base and exponent", torch.pow, tensor([0.0, 2.0, 1.5]), tensor([2.0, 0.0, -1.5]))

of("logsumexp", lambda x: torch.logsumexp(x, 1), m)
of("softmax", lambda x: F.softmax(x, 1), m)
of("logSoftmax", lambda x: F.log_softmax(x, 1), m)
of("softmax of large elements", lambda x: F.softmax(x, 1), m * 400)
of("sort of ties", lambda x: x.sort(dim=1, stable=True).values, ties)
of("cumsum", lambda x: x.cumsum(1), m)
of("gather of one place twice", lambda x: x.gather(1, torch.tensor([[2, 2, 0], [0, 0, 0]])), m)
of("take of one row twice", lambda x: x[torch.tensor([1, 1, 0])], m)


# grad of grad

for name, f in {
    "the cube": lambda x: x**3,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "exp of the square": lambda x: torch.exp(-(x**2)),
    "gelu": F.gelu,
    "softmax": lambda x: F.softmax(x, -1),
    "logSoftmax": lambda x: F.log_softmax(x, -1),
    "the norm": lambda x: x.norm(),
    "the product": lambda x: x.prod(-1),
    "the standard deviation": lambda x: x.std(-1),
    "the largest element": lambda x: x.amax(-1) ** 2,
    "a quotient": lambda x: x / (1 + x**2),
}.items():
    twice(f"grad of grad of {name}", f, v)
    twice(f"grad of grad of {name}, by rows", f, m)
twice("grad of grad of a matrix product", lambda x: torch.tanh(x @ x.T), m)
twice("grad of grad of prod with a zero", lambda x: x.prod(), tensor([2.0, 0.0, 3.0]))
thrice("three times: tanh", torch.tanh, v)
thrice("three times: softmax", lambda x: F.softmax(x, -1), v)

# Expected values are numbers: JSON has no other, and no gradient here may be NaN or infinite.
with open("gradients.json", "w") as file:
    lines = [f"  {json.dumps(name)}: {json.dumps(record, allow_nan=False)}" for name, record in cases.items()]
    file.write("{\n" + ",\n".join(lines) + "\n}\n")
