"""Writes math.json beside it: the vector functions' values in float64, correctly rounded, for math-library.test.ts.

    npm run goldens -- --only wasm/golden/make

It reads the names of the functions of one number from its standard input, as names.mjs prints them. One that mpmath knows by the
same name needs nothing here; one that has a domain of its own, or is hard to compute somewhere, is a row of the table below.
For each name the file holds the little-endian float64 of its inputs, one list for each argument, and of its results, in base64.
"""

import base64
import json
import random
import struct
import sys
from pathlib import Path

import mpmath
from mpmath import atan, cos, erf, exp, expm1, inf, isnan, log, log1p, mp, mpf, nan, pi, power, sin, tan, tanh

mp.prec = 400
count = 150


def bits(pattern):
    return struct.unpack("<d", struct.pack("<Q", pattern))[0]


def anywhere():
    """Any finite number but 0: every exponent alike, with subnormals."""
    while True:
        x = bits(random.getrandbits(64))
        if x - x == 0 and x != 0:
            return x


def between(low, high):
    return lambda: random.uniform(low, high)


def scaled(low, high):
    """Either sign, and evenly spread over the powers of two from low to high."""
    return lambda: random.choice([-1, 1]) * 2 ** random.uniform(low, high)


def positive(draw):
    return lambda: abs(draw())


def neighbours(center, step):
    return lambda: float(center) + random.randint(-99, 99) * step


def near_multiple_of_pi():
    """One of the float64 next to a multiple of π/2, where reduction loses the most."""
    return float(random.randint(1, 2 ** random.randint(2, 52)) * pi / 2)


def near_pole_of_tangent():
    """One of the float64 next to an odd multiple of π/2, where the tangent is large."""
    return float((2 * random.randint(0, 2 ** random.randint(2, 18)) + 1) * pi / 2)


# Of all float64 the nearest to a multiple of π/2 for its size: W. Kahan, Minimizing q·m − n, 1983.
hardest = 6381956970095103.0 * 2.0**797


def rounded(x):
    """To float64, once: float() alone would round the mantissa first and a subnormal again."""
    if isnan(x):
        return nan
    if x in (inf, -inf) or x == 0:
        return float(x)
    ulp = mpf(2) ** max(int(mp.floor(log(abs(x), 2))) - 52, -1074)
    steps = int(mp.nint(x / ulp))
    return inf if abs(steps * ulp) >= mpf(2) ** 1024 else float(steps * ulp)


def sigmoid(x):
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


unaries = {
    "exp": (exp, [between(-745, 709.7), between(-1, 1), scaled(-60, 3), between(-745.2, -708)]),
    "expm1": (expm1, [between(-45, 709.7), between(-1, 1), scaled(-1074, 3), between(0.3, 0.4)]),
    "log": (log, [positive(anywhere), between(0.5, 2), neighbours(1, 2.0**-52), positive(scaled(-1074, -1022))]),
    "log1p": (log1p, [scaled(-1074, 0), between(-1, 3), positive(scaled(-3, 1023)), neighbours(-0.99, 1e-9)]),
    "sin": (sin, [between(-10, 10), scaled(-1074, 20), scaled(20, 1024), near_multiple_of_pi]),
    "cos": (cos, [between(-10, 10), scaled(-30, 20), scaled(20, 1024), near_multiple_of_pi]),
    "tan": (tan, [between(-10, 10), scaled(-1074, 20), scaled(20, 1024), near_multiple_of_pi, near_pole_of_tangent]),
    "atan": (atan, [between(-3, 3), anywhere, scaled(-4, 4), neighbours(2**0.5 - 1, 1e-16)]),
    "tanh": (tanh, [between(-3, 3), between(-20, 20), scaled(-1074, 0), between(0.1, 0.2)]),
    "sigmoid": (sigmoid, [between(-3, 3), between(-745.2, -700), between(-745, 40), scaled(-60, 5)]),
    "erf": (erf, [between(-3, 3), between(-6, 6), scaled(-1020, 1), between(0.9, 1.2)]),
}

anywhere_near_zero = [between(-3, 3), between(-0.5, 0.5), scaled(-1074, 0), scaled(0, 9)]


def bounded_power():
    """A base and an exponent whose power is in range, often just so."""
    x = abs(random.choice([anywhere, between(0.5, 2), scaled(-30, 30), neighbours(1, 2.0**-52)])())
    size = abs(log(x)) or 1
    return x, float(random.choice([random.uniform(-1, 1), random.uniform(0.9, 1)]) * 709 / size)


def encode(values):
    return base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()


def main():
    golden = {}
    for name in sys.stdin.read().split():
        f, draws = unaries.get(name) or (getattr(mpmath, name), anywhere_near_zero)
        # What is drawn for one function does not depend on the others.
        random.seed(name)
        x = [draw() for draw in draws for _ in range(count // len(draws))]
        if name in ("sin", "cos", "tan"):
            x.append(hardest)
        golden[name] = {"inputs": [encode(x)], "results": encode([rounded(f(mpf(v))) for v in x])}
    random.seed("pow")
    pairs = [bounded_power() for _ in range(count)]
    results = [rounded(power(mpf(x), mpf(y))) for x, y in pairs]
    golden["pow"] = {
        "inputs": [encode([x for x, _ in pairs]), encode([y for _, y in pairs])],
        "results": encode(results),
    }
    Path(__file__).with_name("math.json").write_text(json.dumps(golden, indent=2) + "\n")


main()
