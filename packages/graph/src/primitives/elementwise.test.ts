import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { allocate, dtypes, promote, type ArrayOf, type DType } from "../dtype.js";
import { DTypeError, ShapeError } from "../errors.js";
import type { HostTensor, NoAttributes, Primitive } from "../primitive.js";
import { binaryNames, primitives, unaryNames, type BinaryName, type UnaryName } from "../primitives.js";
import { values } from "../samples.js";

const { abs, add, cast, equal, erf, mod, mul, neg, pow, round, sigmoid, sub, where } = primitives;

/** Applies a primitive to vectors of one type. */
function apply<D extends DType>(
  primitive: Primitive<NoAttributes>,
  dtype: D,
  ...operands: readonly (readonly number[])[]
): ArrayOf[D] {
  const inputs = operands.map((list) => values(dtype, [list.length], list));
  const output = { shape: inputs[0].shape, dtype, data: allocate(dtype, inputs[0].data.length) };
  primitive.reference(inputs, {}, output);
  return output.data;
}

const typed = (dtype: DType, shape: readonly number[] = [2]): HostTensor => values(dtype, shape, []);

describe.each([...unaryNames, ...binaryNames])("%s", (name: UnaryName | BinaryName) => {
  const primitive = primitives[name];
  const { arity, accepts } = primitive;
  const inputs = (dtype: DType) => Array.from({ length: arity }, () => typed(dtype));

  it("accepts exactly the element types that its row lists", () => {
    for (const dtype of dtypes) {
      const infer = () => primitive.dtype(inputs(dtype), {});
      if (accepts.includes(dtype)) expect([dtype, "bool"]).toContain(infer());
      else expect(infer).toThrow(DTypeError);
    }
  });

  it("accepts every type after the first that it accepts, so that promotion always reaches an accepted type", () => {
    expect(accepts).toEqual(dtypes.filter((dtype) => promote(dtype, accepts[0]) === dtype));
  });
});

describe.each(binaryNames)("%s", (name) => {
  it("requires shapes that broadcast and one element type", () => {
    const primitive = primitives[name];
    expect(() => primitive.shape([typed("float32", [2]), typed("float32", [3])], {})).toThrow(ShapeError);
    expect(() => primitive.dtype([typed("float32"), typed("float64")], {})).toThrow(DTypeError);
  });
});

describe("inputs of different shapes", () => {
  const [column, row] = [values("float64", [2, 1], [1, 2]), values("float64", [3], [10, 20, 30])];
  const output = () => values("float64", [2, 3], [0, 0, 0, 0, 0, 0]);

  it("broadcast", () => {
    expect(add.shape([column, row], {})).toEqual([2, 3]);
    const sums = output();
    add.reference([column, row], {}, sums);
    expect([...sums.data]).toEqual([11, 21, 31, 12, 22, 32]);
  });

  it("broadcast in where", () => {
    const condition = values("bool", [3], [1, 0, 1]);
    const negative = values("float64", [], [-1]);
    expect(where.shape([condition, column, negative], {})).toEqual([2, 3]);
    const chosen = output();
    where.reference([condition, column, negative], {}, chosen);
    expect([...chosen.data]).toEqual([1, -1, 1, 2, -1, 2]);
  });
});

describe("messages", () => {
  it("say what was called, what it got and what to try", () => {
    expect(() =>
      add.shape([typed("float32", [2, 3]), typed("float32", [2])], {}),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: add: [2, 3] and [2] do not broadcast: 3 and 2 differ at axis -1. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
    expect(() => add.dtype([typed("int32"), typed("float32")], {})).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: add: got int32, float32; expected int32, float32, float64, the same for all. Cast with x.cast(dtype)]`,
    );
    expect(() => sigmoid.dtype([typed("int32")], {})).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: sigmoid: got int32; expected float32, float64, the same for all. Cast with x.cast(dtype)]`,
    );
    expect(() =>
      where.dtype([typed("int32"), typed("float32"), typed("float32")], {}),
    ).toThrowErrorMatchingInlineSnapshot(`[DTypeError: where: the condition is int32; expected bool]`);
    expect(() =>
      where.dtype([typed("bool"), typed("float32"), typed("int32")], {}),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: where: got float32, int32; expected bool, int32, float32, float64, the same for all. Cast with x.cast(dtype)]`,
    );
    expect(() =>
      where.shape([typed("bool", [2]), typed("bool", [2]), typed("bool", [3])], {}),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: where: [2] and [3] do not broadcast: 2 and 3 differ at axis -1. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
  });
});

describe("int32 arithmetic", () => {
  const [smallest, largest] = [-(2 ** 31), 2 ** 31 - 1];

  it("wraps around", () => {
    expect([...apply(add, "int32", [largest, smallest], [1, -1])]).toEqual([smallest, largest]);
    expect([...apply(sub, "int32", [smallest, 0], [1, smallest])]).toEqual([largest, smallest]);
    expect([...apply(neg, "int32", [smallest])]).toEqual([smallest]);
    expect([...apply(abs, "int32", [smallest])]).toEqual([smallest]);
  });

  it("multiplies exactly, where doubles would round before they wrap around", () => {
    // 65537 · 65537 · 65537 has more than 53 bits.
    expect([...apply(mul, "int32", [123456789, largest], [987654321, largest])]).toEqual([-67153019, 1]);
    expect([...apply(pow, "int32", [65537, -3, 7, 0], [3, 3, 0, 0])]).toEqual([196609, -27, 1, 1]);
  });

  it("rejects operands without an integer result", () => {
    expect(() => apply(pow, "int32", [2], [-1])).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: pow: got int32 and the exponent -1; expected at least 0. Cast with x.cast("float32")]`,
    );
    expect(() => apply(mod, "int32", [2], [0])).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: mod: got int32 and the divisor 0; the remainder is undefined]`,
    );
  });
});

describe("mod", () => {
  it("has the sign of the divisor, for every combination of signs", () => {
    expect([...apply(mod, "int32", [7, -7, 7, -7, 6], [3, 3, -3, -3, -3])]).toEqual([1, 2, -2, -1, 0]);
    expect([...apply(mod, "float64", [7.5, -7.5, 7.5, -7.5], [2, 2, -2, -2])]).toEqual([
      1.5, 0.5, -0.5, -1.5,
    ]);
  });
});

describe("round", () => {
  it("rounds halves to even and is exact for large doubles", () => {
    const numbers = [0.5, 1.5, 2.5, -1.5, 0.49999999999999994, 2 ** 52 + 1, -(2 ** 53)];
    expect([...apply(round, "float64", numbers)]).toEqual([0, 2, 2, -2, 0, 2 ** 52 + 1, -(2 ** 53)]);
  });

  it("keeps the sign of a zero, as IEEE 754 has it", () => {
    expect([...apply(round, "float64", [-0.5, -0.3, -0, 0.5])]).toEqual([-0, -0, -0, 0]);
  });
});

describe("NaN", () => {
  it("is unequal to itself, and not less than any number", () => {
    for (const name of ["equal", "less", "lessEqual"] as const) {
      expect([...apply(primitives[name], "float64", [NaN, NaN, 1], [NaN, 1, NaN])], name).toEqual([0, 0, 0]);
    }
  });

  it("propagates through maximum and minimum from either operand", () => {
    for (const name of ["maximum", "minimum"] as const) {
      expect([...apply(primitives[name], "float32", [NaN, 1], [1, NaN])], name).toEqual([NaN, NaN]);
    }
  });

  it("propagates through every unary primitive", () => {
    for (const name of unaryNames)
      expect([...apply(primitives[name], "float64", [NaN])], name).toEqual([NaN]);
  });

  it("does not propagate through where from the operand that is not selected", () => {
    const output = values("float64", [2], [0, 0]);
    where.reference(
      [values("bool", [2], [1, 0]), values("float64", [2], [1, NaN]), values("float64", [2], [NaN, 2])],
      {},
      output,
    );
    expect([...output.data]).toEqual([1, 2]);
  });
});

describe("cast", () => {
  const convert = (from: DType, to: DType, list: number[]): number[] => {
    const output = values(
      to,
      [list.length],
      list.map(() => 0),
    );
    cast.reference([values(from, [list.length], list)], { dtype: to }, output);
    return [...output.data];
  };

  it("to int32 truncates toward zero and saturates; NaN becomes 0", () => {
    expect(convert("float64", "int32", [1.9, -1.9, 3e9, -3e9, Infinity, -Infinity, NaN])).toEqual([
      1,
      -1,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31 - 1,
      -(2 ** 31),
      0,
    ]);
  });

  it("to bool is true for every number except 0, also for NaN", () => {
    expect(convert("float32", "bool", [0, -0, 0.1, -3, NaN])).toEqual([0, 0, 1, 1, 1]);
    expect(convert("int32", "bool", [0, 256])).toEqual([0, 1]);
  });

  it("to float32 rounds to nearest", () => {
    expect(convert("float64", "float32", [0.1, 1e39])).toEqual([Math.fround(0.1), Infinity]);
    expect(convert("int32", "float32", [2 ** 24 + 1])).toEqual([2 ** 24]);
    expect(convert("bool", "float64", [1, 0])).toEqual([1, 0]);
  });
});

describe("erf", () => {
  const points = readFileSync(new URL("../../golden/erf.csv", import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(",").map(Number));

  it("is within 2 units in the last place of C's, from -6 to 6", () => {
    const got = apply(
      erf,
      "float64",
      points.map(([x]) => x),
    );
    const want = Float64Array.from(points, ([, y]) => y);
    // The bits of neighbouring doubles of one sign, read as integers, differ by 1.
    const [gotBits, wantBits] = [got, want].map(({ buffer }) => new BigInt64Array(buffer));
    const distances = Array.from(gotBits, (bits, i) => Math.abs(Number(bits - wantBits[i])));
    expect(points).toHaveLength(1537);
    expect(Math.max(...distances)).toBeLessThanOrEqual(2);
  });

  it("is odd, and reaches 1", () => {
    expect([...apply(erf, "float64", [0, 6.5, -6.5, Infinity, -Infinity, 1e-300])]).toEqual([
      0,
      1,
      -1,
      1,
      -1,
      1e-300 * (2 / Math.sqrt(Math.PI)),
    ]);
  });
});

describe("sigmoid", () => {
  it("neither overflows nor loses small numbers", () => {
    expect([...apply(sigmoid, "float64", [0, 800, -800, -40])]).toEqual([0.5, 1, 0, Math.exp(-40)]);
  });
});

describe("equal", () => {
  it("treats −0 as 0", () => {
    expect([...apply(equal, "float64", [0, -0], [-0, 0])]).toEqual([1, 1]);
  });
});
