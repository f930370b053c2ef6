import { createLeaf, createNode, HostStorage, sizeOf, type Node, type Shape } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import type { Kernel } from "./kernel.js";
import { lower } from "./lower.js";
import { vectorTarget } from "./testing/targets.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(shape, "float32", new HostStorage(new Float32Array(sizeOf(shape))));
const apply = (name: "add" | "maximum" | "less" | "exp", ...inputs: Node[]): Node =>
  createNode(name, inputs, {});
const matmul = (a: Node, b: Node): Node => createNode("matmul", [a, b], {});
const spread = (x: Node, shape: Shape): Node => createNode("expand", [x], { shape });
const permute = (x: Node, ...axes: number[]): Node => createNode("permute", [x], { axes });
const reshape = (x: Node, shape: Shape): Node => createNode("reshape", [x], { shape });
const kernelsOf = (...outputs: Node[]): readonly Kernel[] =>
  fuse(lower(outputs, vectorTarget), vectorTarget).kernels;

describe("a product's epilogue", () => {
  const sums = matmul(leaf(6, 3), leaf(3, 8));
  const bias = spread(leaf(1, 8), [6, 8]);

  it("is the loop that post-processes its sums", () => {
    const kernels = kernelsOf(apply("maximum", apply("add", sums, bias), spread(leaf(1, 1), [6, 8])));
    expect(kernels).toMatchObject([{ kind: "product", epilogue: [{}] }]);
  });

  it("may have several results, also of other element types", () => {
    const kernels = kernelsOf(apply("add", sums, bias), apply("less", sums, bias));
    expect(kernels).toMatchObject([{ kind: "product", epilogue: [{}, {}] }]);
  });

  it("traverses its operands along the product's axes", () => {
    const [product] = kernelsOf(apply("add", sums, bias));
    expect(product).toMatchObject({
      c: { rows: [{ length: 6, stride: 8 }], columns: [{ length: 8, stride: 1 }] },
      epilogue: [
        {
          expression: {
            inputs: [{}, { layout: { axes: [[], [{ length: 6, stride: 0 }], [{ length: 8, stride: 1 }]] } }],
          },
        },
      ],
    });
  });

  it("writes nothing else into the accumulator buffer, such as another part of a concatenation", () => {
    const joined = createNode("concat", [sums, matmul(leaf(6, 3), leaf(3, 8))], { axis: 0 });
    for (const kernel of kernelsOf(joined)) {
      if (kernel.kind !== "product") continue;
      expect(kernel.epilogue.map(({ buffer }) => buffer)).not.toContain(kernel.c.buffer);
    }
  });

  it("needs no operations to change the layout of the sums", () => {
    // [channels, images · pixels] to [images, channels, pixels]
    const images = permute(reshape(matmul(leaf(4, 3), leaf(3, 10)), [4, 2, 5]), 1, 0, 2);
    expect(kernelsOf(permute(images, 0, 1, 2))).toMatchObject([
      {
        kind: "product",
        c: {
          rows: [{ length: 4, stride: 5 }],
          columns: [
            { length: 2, stride: 20 },
            { length: 5, stride: 1 },
          ],
        },
        epilogue: [],
      },
    ]);
  });

  it("is not a loop that traverses columns with a large stride", () => {
    expect(kernelsOf(apply("add", sums, permute(leaf(8, 6), 1, 0)))).toMatchObject([
      { kind: "product", epilogue: [] },
      { kind: "map" },
    ]);
  });

  it("is not a loop over sums that another kernel reads too, or of which the loop reads only a part", () => {
    expect(kernelsOf(sums, apply("exp", sums))[0]).toMatchObject({ kind: "product", epilogue: [] });
    const part = createNode("slice", [sums], { starts: [0, 0], lengths: [6, 4], steps: [1, 1] });
    expect(kernelsOf(apply("exp", part))[0]).toMatchObject({ kind: "product", epilogue: [] });
  });

  it("is not a loop that repeats sums", () => {
    const repeated = spread(reshape(sums, [1, 6, 8]), [2, 6, 8]);
    expect(kernelsOf(apply("add", repeated, leaf(2, 6, 8)))[0]).toMatchObject({ epilogue: [] });
  });
});
