import { createNode, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, it } from "vitest";
import { agrees } from "../../testing/agreement.js";
import { all, arrangement, data, leaf, shapes } from "../../testing/arranged-nodes.js";

const cumsum = (x: Node, axis: number): Node => createNode("cumsum", [x], { axis });

describe("cumsum", () => {
  for (const dtype of ["int32", "float32", "float64"] as const) {
    it(`sums ${dtype} along short and long axes`, () => {
      agrees(cumsum(data(dtype, [3001]), 0));
      for (const shape of [
        [23, 37],
        [300, 3],
        [5, 2, 66],
        [1, 9],
        [9, 1],
      ]) {
        for (const axis of all(shape)) agrees(cumsum(data(dtype, shape), axis));
      }
    });
  }

  it("agrees with the reference engine for any layout of the operands", () => {
    fc.assert(
      fc.property(shapes, fc.nat(2), arrangement, fc.nat(100), (shape, at, lay, seed) => {
        agrees(
          cumsum(
            lay(shape, (s) => data("float32", s, seed)),
            at % shape.length,
          ),
        );
      }),
      { numRuns: sized({ short: 20, long: 100 }) },
    );
  });

  it("wraps around in int32, and keeps infinities and NaN", () => {
    agrees(cumsum(leaf("int32", [4], [2 ** 31 - 1, 5, -(2 ** 31), -9]), 0));
    agrees(cumsum(leaf("float32", [5], [1, Infinity, 2, -Infinity, 3]), 0));
    agrees(cumsum(leaf("float32", [3], [3e38, 3e38, -3e38]), 0));
  });
});
