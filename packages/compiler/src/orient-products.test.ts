import { createLeaf, createNode, HostStorage, type Node } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import type { ProductKernel } from "./kernel.js";
import { lower } from "./lower.js";
import { vectorTarget } from "./testing/targets.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(shape, "float32", new HostStorage(new Float32Array(shape.reduce((a, b) => a * b, 1))));
const matmul = (a: Node, b: Node): Node => createNode("matmul", [a, b], {});
const transpose = (x: Node): Node => createNode("permute", [x], { axes: [1, 0] });
const sub = (a: Node, b: Node): Node => createNode("sub", [a, b], {});

function productsOf(...outputs: Node[]): ProductKernel[] {
  return fuse(lower(outputs, vectorTarget), vectorTarget).kernels.filter(
    (kernel) => kernel.kind === "product",
  );
}

describe("a product", () => {
  it("that is read transposed is computed transposed, with the loop that reads it as its epilogue", () => {
    const [x, g, weight] = [leaf(32, 7), leaf(32, 5), leaf(5, 7)];
    const gradient = transpose(matmul(transpose(x), g));
    const [product, ...others] = productsOf(sub(weight, gradient));
    expect(others).toHaveLength(0);
    expect(product).toMatchObject({ m: 5, n: 7, k: 32 });
    expect(product.epilogue).toHaveLength(1);
  });

  it("is not transposed if it is read row by row, in both orders, by a kernel that is not a loop, or if it is an output", () => {
    const [a, b, w] = [leaf(6, 4), leaf(4, 3), leaf(3, 6)];
    expect(productsOf(sub(leaf(6, 3), matmul(a, b)))[0]).toMatchObject({ m: 6, n: 3 });
    const square = matmul(leaf(4, 4), leaf(4, 4));
    expect(productsOf(sub(square, transpose(square)))[0].epilogue).toHaveLength(0);
    expect(productsOf(matmul(transpose(matmul(a, b)), leaf(6, 2)))[0]).toMatchObject({ m: 6, n: 3 });
    const product = matmul(a, b);
    expect(productsOf(product, sub(w, transpose(product)))[0]).toMatchObject({ m: 6, n: 3 });
  });
});
