import { ones, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { grad, Parameter } from "./index.js";

// A tracked product that has been read keeps its operation, for gradients: what is computed from it later reads it as it is.

describe("a batched product that has been read", () => {
  it("is summed along the batch", () => {
    const product = new Parameter(ones([2, 2, 2])).matmul(ones([2, 2]));
    product.dataSync();
    expect(product.sum({ axis: 0 }).toArraySync()).toEqual([
      [4, 4],
      [4, 4],
    ]);
  });

  it("is averaged along the batch", () => {
    const product = new Parameter(ones([3, 4, 5])).matmul(ones([5, 2]));
    product.dataSync();
    expect(product.mean({ axis: 0 }).toArraySync()).toEqual(Array.from({ length: 4 }, () => [5, 5]));
  });

  it("is the gradient of one operand, and its sum that of a broadcast one", () => {
    const gradient = grad(({ left, right }: Record<"left" | "right", Tensor>) =>
      left
        .add(right)
        .matmul(ones([2, 2]))
        .sum(),
    )({ left: ones([2, 2, 2]), right: ones([1, 2, 2]) });
    gradient.left.dataSync();
    expect(gradient.right.toArraySync()).toEqual([
      [
        [4, 4],
        [4, 4],
      ],
    ]);
  });
});
