import { createLeaf, createNode, HostStorage, type Node, type Shape } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { lower } from "./lower.js";
import { vectorTarget } from "./testing/targets.js";

const size = (shape: Shape): number => shape.reduce((total, length) => total * length, 1);
const numbers = (...shape: number[]): Node =>
  createLeaf(shape, "float32", new HostStorage(new Float32Array(size(shape))));
const integers = (...shape: number[]): Node =>
  createLeaf(shape, "int32", new HostStorage(new Int32Array(size(shape))));
const expand = (x: Node, shape: Shape): Node => createNode("expand", [x], { shape });
const kernelsOf = (...outputs: Node[]) => fuse(lower(outputs, vectorTarget), vectorTarget).kernels;

describe("lowering of indexing operations", () => {
  it("reads an embedding's index without a copy, and x through movements", () => {
    const table = createNode("permute", [numbers(8, 100)], { axes: [1, 0] });
    const rows = createNode("gather", [table, expand(integers(5, 1), [5, 8])], { axis: 0 });
    expect(kernelsOf(rows)).toMatchObject([
      { kind: "check", faulty: { from: 100, to: -1 } },
      {
        kind: "gather",
        index: { layout: { axes: [[{ length: 5, stride: 1 }], [{ length: 8, stride: 0 }]] } },
        x: { layout: { axes: [[{ length: 5, stride: 0 }], [{ length: 8, stride: 100 }]] } },
        step: 1,
      },
    ]);
  });

  it("checks an index once for a gather and its gradient", () => {
    const index = expand(integers(5, 1), [5, 8]);
    const rows = createNode("gather", [numbers(100, 8), index], { axis: 0 });
    const gradient = createNode("scatterAdd", [index, rows], { axis: 0, size: 100 });
    expect(kernelsOf(gradient).map(({ kind }) => kind)).toEqual(["check", "gather", "fill", "scatterAdd"]);
  });

  it("checks it again for an axis of another length", () => {
    const index = integers(5);
    const first = createNode("gather", [numbers(100), index], { axis: 0 });
    const second = createNode("gather", [numbers(7), index], { axis: 0 });
    expect(kernelsOf(first, second).filter(({ kind }) => kind === "check")).toHaveLength(2);
  });

  it("materializes a computed index", () => {
    const index = createNode("add", [integers(5), integers(5)], {});
    const picked = createNode("gather", [numbers(9), index], { axis: 0 });
    expect(kernelsOf(picked).map(({ kind }) => kind)).toEqual(["map", "check", "gather"]);
  });

  it("copies x if the indexed axis has no single stride", () => {
    const swapped = createNode("permute", [numbers(2, 3, 4)], { axes: [1, 0, 2] });
    const x = createNode("reshape", [swapped], { shape: [6, 4] });
    const picked = createNode("gather", [x, integers(2, 4)], { axis: 0 });
    expect(kernelsOf(picked).map(({ kind }) => kind)).toEqual(["check", "map", "gather"]);
    const others = createNode("gather", [x, integers(6, 2)], { axis: 1 });
    expect(kernelsOf(others).map(({ kind }) => kind)).toEqual(["check", "gather"]);
  });

  it("adds no scatter kernel for an empty operand", () => {
    const sums = createNode("scatterAdd", [integers(0, 3), numbers(0, 3)], { axis: 0, size: 4 });
    expect(kernelsOf(sums).map(({ kind }) => kind)).toEqual(["fill"]);
  });

  it("checks divisors and exponents only for int32", () => {
    for (const name of ["mod", "pow"] as const) {
      const kinds = (a: Node, b: Node) => kernelsOf(createNode(name, [a, b], {})).map(({ kind }) => kind);
      expect(kinds(numbers(3), numbers(3))).toEqual(["map"]);
      expect(kinds(integers(3), integers(3))).toEqual(["check", "map"]);
    }
  });
});
