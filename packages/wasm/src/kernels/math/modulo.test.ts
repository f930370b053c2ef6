import { createNode, type DType, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, it } from "vitest";
import { agrees, throwsAlike } from "../../testing/agreement.js";
import { data, expand, leaf } from "../../testing/arranged-nodes.js";

describe("mod", () => {
  const mod = (a: Node, b: Node): Node => createNode("mod", [a, b], {});
  const pairs = (dtype: DType, values: readonly number[]): Node => {
    const count = values.length ** 2;
    const left = values.flatMap((a) => values.map(() => a));
    const right = values.flatMap(() => values);
    return mod(leaf(dtype, [count], left), leaf(dtype, [count], right));
  };

  it.each(["float32", "float64"] as const)("is exact for every kind of %s", (dtype) => {
    const largest = dtype === "float32" ? 3.4028234663852886e38 : Number.MAX_VALUE;
    const smallest = dtype === "float32" ? 2 ** -149 : Number.MIN_VALUE;
    const sizes = [
      0,
      smallest,
      3 * smallest,
      2 ** -130,
      0.1,
      1,
      3,
      7.5,
      1e10,
      16777217,
      2 ** 53 - 1,
      largest,
    ];
    agrees(pairs(dtype, [...sizes, ...sizes.map((x) => -x), largest / 3, Infinity, -Infinity, NaN]));
  });

  it("is exact for any two numbers", () => {
    const numbers = fc.array(fc.tuple(fc.double(), fc.double()), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(numbers, (list) => {
        const [a, b] = [0, 1].map((side) => list.map((pair) => pair[side]));
        for (const dtype of ["float64", "float32"] as const) {
          agrees(mod(leaf(dtype, [50], a), leaf(dtype, [50], b)));
        }
      }),
      { numRuns: sized({ short: 8, long: 40 }) },
    );
  });

  it("is exact for every kind of int32", () => {
    agrees(pairs("int32", [2 ** 31 - 1, -(2 ** 31), -1, 1, 2, -2, 3, 7, -7, 65536, 46341, 2 ** 30, 12345]));
    agrees(mod(data("int32", [11]), leaf("int32", [11], new Array<number>(11).fill(-5))));
  });

  it("rejects a divisor of 0", () => {
    throwsAlike(mod(data("int32", [6]), leaf("int32", [6], [1, 2, 3, 4, 0, 0])));
    throwsAlike(mod(data("int32", [3, 2]), expand(leaf("int32", [1, 1], [0]), [3, 2])));
  });
});
