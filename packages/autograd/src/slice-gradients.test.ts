import { topologicalOrder } from "@stargrad/graph/internal";
import { concat, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { checkGradient, grad } from "./index.js";

const x = tensor(
  [
    [1, -2, 3, 0.5, 2],
    [4, 1, -1, 0.25, 3],
  ],
  { dtype: "float64" },
);

/** The primitives that a gradient is computed by. */
const primitivesOf = ({ node }: Tensor): (string | undefined)[] =>
  topologicalOrder([node], () => true).map(({ operation }) => operation?.primitive);

describe("the gradient of slices", () => {
  const f = (whole: Tensor): Tensor => {
    const [a, b, c] = whole.split([2, 2, 1], { axis: 1 });
    return a.mul(b).sum().add(c.exp().sum());
  };

  it("of a tensor that was split is one concatenation, without padding and adding", () => {
    const primitives = primitivesOf(grad(f)(x));
    expect(primitives.filter((name) => name === "concat")).toHaveLength(1);
    expect(primitives).not.toContain("pad");
    checkGradient(f, [x]);
    checkGradient(f, [x], { order: 2 });
  });

  it.each<[string, (whole: Tensor) => Tensor]>([
    [
      "has zeros between ranges",
      (whole) =>
        whole
          .narrow(1, 1, 1)
          .mul(whole.narrow(1, 3, 1))
          .sum(),
    ],
    [
      "adds ranges that overlap",
      (whole) =>
        whole
          .narrow(1, 0, 3)
          .mul(whole.narrow(1, 1, 3))
          .sum(),
    ],
    [
      "adds ranges of different axes",
      (whole) =>
        whole
          .narrow(1, 0, 2)
          .mul(whole.narrow(0, 1, 1).sum())
          .sum(),
    ],
    [
      "supports steps, and slices of several axes",
      (whole) =>
        whole
          .slice([
            [0, 1],
            [0, 4, 2],
          ])
          .square()
          .sum(),
    ],
    ["is added to other gradients of the tensor", (whole) => whole.mul(whole.narrow(1, 4, 1)).sum()],
    [
      "passes through concatenated tensors",
      (whole) => concat([whole, whole.exp()]).narrow(0, 1, 2).square().sum(),
    ],
  ])("%s", (_, g) => {
    checkGradient(g, [x]);
    checkGradient(g, [x], { order: 2 });
  });
});
