import { createLeaf, createNode, HostStorage, sizeOf, type Node, type Shape } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import type { Kernel, ProductKernel } from "./kernel.js";
import { lower } from "./lower.js";
import { digitsOf, locate } from "./product.js";
import { vectorTarget } from "./testing/targets.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(shape, "float32", new HostStorage(new Float32Array(sizeOf(shape))));
const matmul = (a: Node, b: Node): Node => createNode("matmul", [a, b], {});
const sum = (x: Node, ...axes: number[]): Node => createNode("sum", [x], { axes });
const spread = (x: Node, shape: Shape): Node => createNode("expand", [x], { shape });
const permute = (x: Node, ...axes: number[]): Node => createNode("permute", [x], { axes });
const reshape = (x: Node, shape: Shape): Node => createNode("reshape", [x], { shape });
const kernelsOf = (...outputs: Node[]): readonly Kernel[] => lower(outputs, vectorTarget).kernels;

describe("lowering products", () => {
  it("lowers a batch over which one operand is repeated to one product", () => {
    const shared = (...shape: number[]) => spread(leaf(1, ...shape), [5, ...shape]);
    expect(kernelsOf(matmul(leaf(5, 4, 3), shared(3, 2)))).toMatchObject([{ batch: 1, m: 20, n: 2, k: 3 }]);
    expect(kernelsOf(matmul(shared(4, 3), leaf(5, 3, 2)))).toMatchObject([{ batch: 1, m: 4, n: 10, k: 3 }]);
    expect(kernelsOf(matmul(leaf(5, 4, 3), leaf(5, 3, 2)))).toMatchObject([{ batch: 5, m: 4, n: 2, k: 3 }]);
  });

  it("lowers a sum of products to one product with a longer inner axis", () => {
    const weights = matmul(permute(leaf(5, 7, 4), 0, 2, 1), leaf(5, 7, 2));
    expect(kernelsOf(sum(weights, 0))).toMatchObject([{ kind: "product", batch: 1, m: 4, n: 2, k: 35 }]);
    const heads = matmul(leaf(5, 6, 4, 7), leaf(5, 6, 7, 2));
    expect(kernelsOf(sum(heads, 0))).toMatchObject([{ kind: "product", batch: 6, m: 4, n: 2, k: 35 }]);
    expect(kernelsOf(sum(heads, 0, 2)).map(({ kind }) => kind)).toEqual(["product", "reduce"]);
    expect(kernelsOf(weights, sum(weights, 0)).map(({ kind }) => kind)).toEqual(["product", "reduce"]);
  });

  it("lowers a fold of a product to products of windows", () => {
    const windows = (stride: number, dilation: number): Node => {
      // Taps of 3 × 3 of 2 channels, times 5 channels at 4 × 4 positions of 3 images.
      const columns = matmul(permute(leaf(5, 18), 1, 0), leaf(5, 48));
      const apart = permute(reshape(columns, [2, 3, 3, 3, 4, 4]), 3, 0, 4, 5, 1, 2);
      const side = stride * 3 + dilation * 2 + 1;
      return createNode("fold", [apart], {
        size: [3, 3],
        stride: [stride, stride],
        dilation: [dilation, dilation],
        shape: [3, 2, side, side],
      });
    };
    const taps = (x: Node): number[] =>
      kernelsOf(x).flatMap((kernel) => (kernel.kind === "product" ? [kernel.k / 5] : []));
    expect(taps(windows(1, 1))).toEqual([9]);
    expect(taps(windows(1, 2))).toEqual([9]);
    // Even indices read two of three taps, odd indices one.
    expect(taps(windows(2, 1))).toEqual([4, 2, 2, 1]);
    expect(taps(windows(2, 2))).toEqual([9]);
    // Only the part that is read is computed.
    const middle = createNode("slice", [windows(1, 1)], {
      starts: [0, 0, 1, 1],
      lengths: [3, 2, 4, 4],
      steps: [1, 1, 1, 1],
    });
    expect(kernelsOf(middle).at(-1)).toMatchObject({ kind: "product", m: 2, n: 48 });
  });
});

describe("the digits of a product", () => {
  const [kernel] = kernelsOf(matmul(leaf(3, 4, 5), leaf(3, 5, 6)));
  const digits = digitsOf(kernel as ProductKernel) ?? [];

  it("give the strides of a, b and c along each axis", () => {
    expect(digits).toEqual([
      { axis: "batch", length: 3, span: 1, a: 20, b: 30, c: 24 },
      { axis: "rows", length: 4, span: 1, a: 5, b: 0, c: 6 },
      { axis: "columns", length: 6, span: 1, a: 0, b: 1, c: 1 },
    ]);
  });

  it("locate a digit of a layout of the result", () => {
    expect(locate(digits, { length: 2, stride: 3 })).toEqual([
      { axis: "columns", length: 2, span: 3, a: 0, b: 3, c: 3 },
    ]);
    expect(locate(digits, { length: 12, stride: 6 })).toMatchObject([
      { axis: "batch", length: 3 },
      { axis: "rows", length: 4 },
    ]);
    expect(locate(digits, { length: 4, stride: 4 })).toBeNull();
    expect(locate(digits, { length: 2, stride: -1 })).toBeNull();
  });
});
