"""Writes coefficients.ts beside it: the numbers that the vector functions evaluate.

    npm run goldens -- --only codegen/src/math/coefficients

Every approximation is a quotient of two polynomials, or a polynomial alone, whose largest relative error on its interval is as
small as possible: Remez' exchange algorithm. Its linear step asks for errors of one size and alternating sign at a set of
points; the exchange moves the points to where the error is largest. The coefficients are then rounded to the element type, and
the error is measured again with the rounded ones.

Source: W. J. Cody, W. Waite, Software Manual for the Elementary Functions (reduction by constants in parts);
        E. W. Cheney, Introduction to Approximation Theory, chapters 3 and 5 (Remez)
"""

import struct
from pathlib import Path

from mpmath import atan, atanh, cos, erf, erfc, exp, floor, log, lu_solve, matrix, mp, mpf, nstr, pi, sin, sqrt, tan

mp.dps = 110


def polynomial(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(f, interval, numerator, denominator=0, weight=None, grid=1000):
    """
    Numerator and denominator of the given degrees, lowest power first, and the points they were fitted at. The denominator begins
    with 1. `weight(x)` is the weight of an error at x. Default: 1/f, which makes errors relative.
    """
    low, high = mpf(interval[0]), mpf(interval[1])
    count = numerator + denominator + 2

    def chebyshev(n):
        return [(low + high) / 2 - (high - low) / 2 * cos(pi * i / n) for i in range(n + 1)]

    def evaluated(xs):
        values = [(x, f(x)) for x in xs]
        return [(x, y, 1 / y if weight is None else weight(x)) for x, y in values]

    samples = evaluated(chebyshev(grid))
    points = evaluated(chebyshev(count - 1))
    q = [mpf(1)]
    for _ in range(25):
        # The error multiplies the denominator, so the step is linear only with the denominator of the step before.
        for _ in range(4 if denominator else 1):
            rows, right = matrix(count, count), matrix(count, 1)
            for i, (x, y, w) in enumerate(points):
                for k in range(numerator + 1):
                    rows[i, k] = x**k
                for k in range(1, denominator + 1):
                    rows[i, numerator + k] = -y * x**k
                rows[i, count - 1] = (-1) ** i / w * polynomial(q, x)
                right[i] = y
            solution = list(lu_solve(rows, right))
            p, q = solution[: numerator + 1], [mpf(1), *solution[numerator + 1 : -1]]
        errors = [((polynomial(p, x) / polynomial(q, x) - y) * w, (x, y, w)) for x, y, w in samples]
        extremes = []
        for entry in errors:
            if extremes and (extremes[-1][0] > 0) == (entry[0] > 0):
                if abs(entry[0]) > abs(extremes[-1][0]):
                    extremes[-1] = entry
            else:
                extremes.append(entry)
        while len(extremes) > count:
            extremes.pop(0 if abs(extremes[0][0]) < abs(extremes[-1][0]) else -1)
        assert len(extremes) == count, "the grid is too coarse, or the degrees do not suit this function"
        sizes = [abs(error) for error, _ in extremes]
        if max(sizes) < mpf("1.02") * min(sizes):
            break
        points = [point for _, point in extremes]
    return p, q, samples


def rounded(x, dtype):
    if dtype == "float64":
        return float(x)
    # Through float64: twice rounded, which costs at most 2^-29 of the last place.
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def near(x, f, series):
    """Near 0 the closed form is 0/0; the first terms of its series are exact enough there."""
    return series(x) if abs(x) < mpf(10) ** -30 else f(x)


def tail_of_exp(r):
    return near(r, lambda r: (exp(r) - 1 - r) / r**2, lambda r: mpf(1) / 2 + r / 6)


def tail_of_log(z):
    s = sqrt(z)
    return near(z, lambda z: (2 * atanh(s) - 2 * s) / (s * z), lambda z: mpf(2) / 3 + 2 * z / 5)


def tail_of_sine(w):
    r = sqrt(w)
    return near(w, lambda w: (sin(r) - r) / (r * w), lambda w: -mpf(1) / 6 + w / 120)


def tail_of_tangent(w):
    r = sqrt(w)
    return near(w, lambda w: (tan(r) - r) / (r * w), lambda w: mpf(1) / 3 + 2 * w / 15)


def tail_of_arctangent(w):
    z = sqrt(w)
    return near(w, lambda w: (atan(z) - z) / (z * w), lambda w: -mpf(1) / 3 + w / 5)


def error_ratio(w):
    x = sqrt(w)
    return near(w, lambda w: erf(x) / x, lambda w: 2 / sqrt(pi) * (1 - w / 3))


def eighth_root(x):
    return erfc(x) ** (-mpf(1) / 8)


half_ln2 = log(2) / 2
largest_s = (sqrt(2) - 1) / (sqrt(2) + 1)
# Sums of rounded numbers may step a little over the ends of an interval.
margin = mpf("1.0001")

exponential = (tail_of_exp, "(eʳ − 1 − r) / r²", (-half_ln2 * margin, half_ln2 * margin), "|r| ≤ ln 2 / 2")
logarithm = (
    tail_of_log,
    "(2 artanh s − 2s) / s³ in z = s²",
    (0, (largest_s * margin) ** 2),
    "0 ≤ s ≤ (√2 − 1) / (√2 + 1)",
)
sine = (tail_of_sine, "(sin r − r) / r³ in w = r²", (0, (pi / 2 * margin) ** 2), "|r| ≤ π/2")
tangent = (tail_of_tangent, "(tan r − r) / r³ in w = r²", (0, (pi / 4 * margin) ** 2), "|r| ≤ π/4")
arctangent = (
    tail_of_arctangent,
    "(arctan z − z) / z³ in w = z²",
    (0, (tan(pi / 8) * margin) ** 2),
    "|z| ≤ tan π/8",
)

# name, approximation, degree for float32 and for float64
polynomials = [
    ("exponentialTail", exponential, 4, 9),
    ("logarithmTail", logarithm, 2, 6),
    ("sineTail", sine, 4, 8),
    ("arctangentTail", arctangent, 3, 10),
]

def listed(values):
    return "[" + ", ".join(repr(v) for v in values) + "]"


def measured(p, q, samples):
    return max(abs((polynomial(p, x) / polynomial(q, x) - y) * w) for x, y, w in samples)


def fitted(approximation, degree, dtype):
    f, formula, interval, where = approximation
    p, q, samples = remez(f, interval, degree)
    p = [rounded(c, dtype) for c in p]
    return p, f"{formula} for {where}: degree {degree}, relative error {nstr(measured(p, q, samples), 2)}."


def parts(value, bits):
    """A number as a sum of short ones, so that their products with small integers are exact; the last is a float64."""
    result, rest = [], value
    for count in bits:
        scale = mpf(2) ** (count - 1 - int(floor(log(abs(rest), 2))))
        part = floor(rest * scale) / scale
        result.append(float(part))
        rest -= part
    return [*result, float(rest)]


lines = [
    "// Written by coefficients.py. Polynomials are listed from the constant term up; errors are those of the rounded coefficients.",
    "",
    'import type { FloatType } from "./lanes.js";',
    "",
    "/** The coefficients of the functions of one element type. */",
    "export interface Coefficients {",
]
for name, (_, formula, _, where), *_ in polynomials:
    lines += [f"  /** {formula}, {where} */", f"  readonly {name}: readonly number[];"]
lines += [
    "  /** ln 2 = first + second; the first times the exponent of any number is exact */",
    "  readonly ln2: readonly [number, number];",
    "  /** π/2 = first + second */",
    "  readonly halfPi: readonly [number, number];",
    "}",
    "",
    "export const coefficients: Readonly<Record<FloatType, Coefficients>> = {",
]
for index, dtype in enumerate(["float32", "float64"]):
    lines.append(f"  {dtype}: {{")
    for name, approximation, *degrees in polynomials:
        p, said = fitted(approximation, degrees[index], dtype)
        lines += [f"    // {said}", f"    {name}: {listed(p)},"]
    half_pi = rounded(pi / 2, dtype)
    lines += [
        f"    ln2: {listed([rounded(c, dtype) for c in parts(log(2), [16 if dtype == 'float32' else 42])])},",
        f"    halfPi: {listed([half_pi, rounded(pi / 2 - half_pi, dtype)])},",
        "  },",
    ]
lines += ["};", ""]

border, end = mpf("1.1"), mpf(4)
p, q, samples = remez(lambda w: error_ratio(w) - 1, (0, border**2 * margin), 6, weight=lambda w: 1 / error_ratio(w))
p = [rounded(c, "float32") for c in p]
lines += [
    f"/** For float32: erf x / x − 1 in w = x² for |x| ≤ {nstr(border, 3)}: degree 6, relative error of erf {nstr(measured(p, q, samples), 2)}. */",
    f"export const smallErrorFunction: readonly number[] = {listed(p)};",
    "",
]
p, q, samples = remez(eighth_root, (border, end), 7, weight=lambda x: 8 * erfc(x) / eighth_root(x))
p = [rounded(c, "float32") for c in p]
lines += [
    f"/** For float32: (1 − erf x)^(−1/8) for {nstr(border, 3)} ≤ x ≤ {nstr(end, 3)}: degree 7, error of erf {nstr(measured(p, q, samples), 2)}. */",
    f"export const largeErrorFunction: readonly number[] = {listed(p)};",
    "",
    "/** The |x| at which the approximation changes from `smallErrorFunction` to `largeErrorFunction`. */",
    f"export const errorFunctionBorder = {nstr(border, 3)};",
    "",
]
end = mpf("5.92")
p, q, samples = remez(error_ratio, (0, end**2 * margin), 12, 12, grid=1500)
p, q = [float(c) for c in p], [float(c) for c in q]
lines += [
    f"/** For float64: erf x / x in w = x² for |x| ≤ {nstr(end, 3)}: degrees 12 and 12, relative error {nstr(measured(p, q, samples), 2)}. */",
    f"export const errorFunctionQuotient: readonly [readonly number[], readonly number[]] = [{listed(p)}, {listed(q)}];",
    "",
    "/** The upper limit to which w is clamped; beyond it erf x rounds to 1. */",
    f"export const errorFunctionEnd = {float(end**2)!r};",
    "",
]

p, said = fitted(logarithm, 8, "float64")
# The first is 2/3, whose error would be the largest of all.
rest = float(mpf(2) / 3 - mpf(2 / 3))
lines += [
    f"/** For float64's power, whose logarithm needs more digits than the others. {said} */",
    f"export const longLogarithmTail: readonly number[] = {listed([2 / 3, *p[1:]])};",
    "",
    "/** The rounding error of its first coefficient, 2/3. */",
    f"export const longLogarithmTailRest = {rest!r};",
    "",
]
p, said = fitted(logarithm, 3, "float64")
lines += [f"/** For float32's power, which is computed in float64. {said} */", f"export const shortLogarithmTail: readonly number[] = {listed(p)};", ""]
p, said = fitted(exponential, 5, "float64")
lines += [f"/** For float32's power. {said} */", f"export const shortExponentialTail: readonly number[] = {listed(p)};", ""]
p, said = fitted(tangent, 14, "float64")
lines += [
    f"/** For float64's tangent. {said} */",
    f"export const tangentTail: readonly number[] = {listed(p)};",
    "",
]
lines += [
    "/** π as a sum; the first two, of 33 bits, times an integer or half-integer up to 2¹⁹ are exact. */",
    f"export const piParts: readonly [number, number, number] = {listed(parts(pi, [33, 33]))};",
    "",
]
mp.prec = 2400
words = [0] + [int(floor(2 ** (64 * (i + 1)) / pi)) % 2**64 for i in range(19)]
lines += [
    "/** The bits of 1/π in 64-bit words, starting 64 bits before the binary point. They suffice for the largest float64. */",
    "export const inverseOfPi: readonly bigint[] = [" + ", ".join(f"0x{w:016x}n" for w in words) + "];",
    "",
]
Path(__file__).with_name("coefficients.ts").write_text("\n".join(lines))
