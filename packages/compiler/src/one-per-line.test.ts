import { createLeaf, createNode, HostStorage, type Node } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { lower } from "./lower.js";
import { vectorTarget } from "./testing/targets.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(
    shape,
    "float32",
    new HostStorage(new Float32Array(shape.reduce((size, length) => size * length, 1))),
  );
const indices = (...shape: number[]): Node =>
  createLeaf(
    shape,
    "int32",
    new HostStorage(new Int32Array(shape.reduce((size, length) => size * length, 1))),
  );
const kinds = (node: Node) => fuse(lower([node], vectorTarget), vectorTarget).kernels.map(({ kind }) => kind);
const exp = (x: Node) => createNode("exp", [x], {});

describe("an index that selects one element of each line", () => {
  it("selects it in the loop that computes the line", () => {
    const picked = createNode("gather", [exp(leaf(5, 7)), indices(5, 1)], { axis: 1 });
    expect(kinds(picked)).toEqual(["check", "reduce"]);
  });

  it("gathers it from memory if the line is materialized", () => {
    const picked = createNode("gather", [leaf(5, 7), indices(5, 1)], { axis: 1 });
    expect(kinds(picked)).toEqual(["check", "gather"]);
  });

  it("adds an addend in the loop that reads the line", () => {
    const placed = createNode("scatterAdd", [indices(5, 1), leaf(5, 1)], { axis: 1, size: 7 });
    expect(kinds(exp(placed))).toEqual(["check", "map"]);
  });

  it("does not apply to other indices", () => {
    const several = createNode("gather", [exp(leaf(5, 7)), indices(5, 2)], { axis: 1 });
    expect(kinds(several)).toEqual(["check", "map", "gather"]);
    const repeated = createNode("scatterAdd", [indices(5, 2), leaf(5, 2)], { axis: 1, size: 7 });
    expect(kinds(repeated)).toEqual(["check", "fill", "scatterAdd"]);
  });
});
