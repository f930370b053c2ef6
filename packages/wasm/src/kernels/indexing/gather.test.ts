import { createNode, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, it } from "vitest";
import { agrees } from "../../testing/agreement.js";
import { arrangement, data, expand, indices, shapes } from "../../testing/arranged-nodes.js";

const gather = (x: Node, index: Node, axis: number): Node => createNode("gather", [x, index], { axis });

describe("gather", () => {
  for (const dtype of ["bool", "int32", "float32", "float64"] as const) {
    it(`copies rows of ${dtype} of any length`, () => {
      for (const length of [1, 3, 4, 16, 33, 130]) {
        agrees(gather(data(dtype, [5, length]), expand(indices([9, 1], 5), [9, length]), 0));
      }
    });

    it(`selects one ${dtype} of each row`, () => {
      agrees(gather(data(dtype, [50, 7]), indices([50, 1], 7), 1));
      agrees(gather(data(dtype, [50]), indices([200], 50), 0));
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
          const x = layX(shape, (s) => data("float32", s, seed));
          const picked = shape.map((length, i) => (i === axis ? 1 + (seed % 5) : length));
          agrees(
            gather(
              x,
              layIndex(picked, (s) => indices(s, shape[axis], seed)),
              axis,
            ),
          );
        },
      ),
      { numRuns: sized({ short: 25, long: 150 }) },
    );
  });

  it("returns an empty result for empty operands", () => {
    agrees(gather(data("float32", [0, 3]), indices([0, 3], 1), 0));
    agrees(gather(data("float32", [4, 3]), indices([4, 0], 1), 1));
  });
});
