import { createNode, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, it } from "vitest";
import { agrees } from "../../testing/agreement.js";
import { all, arrangement, data, flip, leaf, shapes } from "../../testing/arranged-nodes.js";

const argsort = (x: Node, axis: number, descending: boolean): Node =>
  createNode("argsort", [x], { axis, descending });

describe("argsort", () => {
  const lengths = [1, 2, 3, 63, 64, 65, 300, 3000];

  for (const dtype of ["bool", "int32", "float32", "float64"] as const) {
    it(`keeps the order of equal ${dtype}, ascending and descending`, () => {
      for (const length of lengths) {
        for (const descending of [false, true]) agrees(argsort(data(dtype, [length]), 0, descending));
      }
    });
  }

  it.each(["float32", "float64"] as const)("sorts every kind of %s", (dtype) => {
    const kinds = [NaN, 0, -0, Infinity, -Infinity, 1, -1, 1e-40, -1e-40, 3e38, -3e38, 1.5, -NaN];
    for (const length of [40, 200]) {
      const mixed = leaf(
        dtype,
        [length],
        Array.from({ length }, (_, i) => kinds[(i * 5) % kinds.length]),
      );
      for (const descending of [false, true]) agrees(argsort(mixed, 0, descending));
    }
  });

  it("sorts the limits of int32", () => {
    const ends = [2 ** 31 - 1, -(2 ** 31), 0, -1, 1, 256, -256, 65536];
    for (const length of [8, 100]) {
      const mixed = leaf(
        "int32",
        [length],
        Array.from({ length }, (_, i) => ends[(i * 3) % 8]),
      );
      for (const descending of [false, true]) agrees(argsort(mixed, 0, descending));
    }
  });

  it("sorts any axis, for any layout of the operand", () => {
    for (const shape of [
      [70, 5],
      [5, 70],
      [3, 66, 4],
    ]) {
      for (const axis of all(shape)) {
        agrees(argsort(data("float32", shape), axis, false));
        agrees(argsort(flip(data("float64", shape)), axis, true));
      }
    }
    fc.assert(
      fc.property(shapes, fc.nat(2), arrangement, fc.boolean(), (shape, at, lay, descending) => {
        agrees(
          argsort(
            lay(shape, (s) => data("float32", s)),
            at % shape.length,
            descending,
          ),
        );
      }),
      { numRuns: sized({ short: 12, long: 60 }) },
    );
  });
});
