import { createNode, sizeOf, type Node, type Shape } from "@stargrad/graph";
import { describe, it } from "vitest";
import { throwsAlike } from "../../testing/agreement.js";
import { data, expand, flip, indices, leaf, permute } from "../../testing/arranged-nodes.js";

const gather = (x: Node, index: Node, axis: number): Node => createNode("gather", [x, index], { axis });
const scatterAdd = (index: Node, x: Node, axis: number, size: number): Node =>
  createNode("scatterAdd", [index, x], { axis, size });

describe("an index out of range", () => {
  const indexOf = (shape: Shape, position: number, value: number): Node => {
    const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => (i === position ? value : i % 3));
    return leaf("int32", shape, numbers);
  };

  it.each([3, 1000, -1, -(2 ** 31), 2 ** 31 - 1])("%i is reported at any position", (value) => {
    for (const position of [0, 1, 6, 17, 18]) {
      throwsAlike(gather(data("float32", [3]), indexOf([19], position, value), 0));
      throwsAlike(scatterAdd(indexOf([19], position, value), data("float32", [19]), 0, 3));
    }
  });

  it("is reported with its first position, after any movement operation", () => {
    const index = indexOf([4, 5], 7, 3);
    throwsAlike(gather(data("float32", [3, 4]), permute(index, [1, 0]), 0));
    throwsAlike(gather(data("float32", [4, 3]), flip(index), 1));
    throwsAlike(gather(data("float32", [3, 6]), expand(indexOf([9, 1], 4, -2), [9, 6]), 0));
    throwsAlike(gather(data("float32", [9, 6]), expand(indexOf([1, 6], 4, 9), [2, 6]), 0));
    const two = leaf("int32", [6], [0, 0, 9, 0, 8, 0]);
    throwsAlike(gather(data("float32", [3]), two, 0));
    throwsAlike(gather(data("float32", [3]), flip(two), 0));
  });

  it("is reported from the middle of a program, once for a gather and its gradient", () => {
    const index = createNode("add", [indexOf([5], 3, 2), leaf("int32", [5], [0, 0, 0, 1, 0])], {});
    const picked = gather(createNode("exp", [data("float64", [3])], {}), index, 0);
    throwsAlike(scatterAdd(index, createNode("mul", [picked, picked], {}), 0, 3));
  });

  it("is every index, if the axis has no elements", () => {
    throwsAlike(gather(data("float32", [0]), indices([2], 1), 0));
  });
});
