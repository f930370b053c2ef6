import { createNode, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, it } from "vitest";
import { agrees } from "../../testing/agreement.js";
import { arrangement, data, expand, indices, shapes } from "../../testing/arranged-nodes.js";

const scatterAdd = (index: Node, x: Node, axis: number, size: number): Node =>
  createNode("scatterAdd", [index, x], { axis, size });

describe("scatterAdd", () => {
  for (const dtype of ["int32", "float32", "float64"] as const) {
    it(`adds rows of ${dtype} of any length, in order`, () => {
      for (const length of [1, 3, 4, 16, 33, 130]) {
        agrees(scatterAdd(expand(indices([40, 1], 5), [40, length]), data(dtype, [40, length]), 0, 5));
      }
    });

    it(`adds single numbers of ${dtype}, in order`, () => {
      agrees(scatterAdd(indices([500], 9), data(dtype, [500]), 0, 9));
      agrees(scatterAdd(indices([50, 4], 3), data(dtype, [50, 4]), 1, 3));
      agrees(scatterAdd(indices([2, 500, 2], 3), data(dtype, [2, 500, 2]), 1, 3));
    });
  }

  it("agrees with the reference engine for any layout of the operands", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.nat(2),
        arrangement,
        arrangement,
        fc.nat(100),
        (shape, at, layX, layIndex, seed) => {
          const axis = at % shape.length;
          const size = 1 + (seed % 7);
          const index = layIndex(shape, (s) => indices(s, size, seed));
          agrees(
            scatterAdd(
              index,
              layX(shape, (s) => data("float32", s, seed)),
              axis,
              size,
            ),
          );
        },
      ),
      { numRuns: sized({ short: 25, long: 150 }) },
    );
  });

  it("leaves zeros where nothing is added", () => {
    agrees(scatterAdd(indices([0, 3], 1), data("float32", [0, 3]), 0, 4));
    agrees(scatterAdd(indices([1], 1), data("float32", [1]), 0, 100));
  });
});
