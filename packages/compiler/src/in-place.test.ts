import { createLeaf, createNode, HostStorage, type Node } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { inPlaceOutputs } from "./in-place.js";
import { lower } from "./lower.js";
import { vectorTarget } from "./testing/targets.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(shape, "float32", new HostStorage(new Float32Array(shape.reduce((a, b) => a * b, 1))));
const add = (a: Node, b: Node): Node => createNode("add", [a, b], {});
const mul = (a: Node, b: Node): Node => createNode("mul", [a, b], {});

/** For each output, by its place, the inputs it may be written over, by theirs. */
function places(...outputs: Node[]): number[][] {
  const program = fuse(lower(outputs, vectorTarget), vectorTarget);
  const inPlace = inPlaceOutputs(program);
  return program.outputs.map((output) =>
    [...(inPlace.get(output) ?? [])].map((input) => program.inputs.indexOf(input)).sort(),
  );
}

describe("an output may be written over an input", () => {
  it("that its loop reads element by element, and nobody reads later", () => {
    const [state, gradient] = [leaf(8), leaf(8)];
    expect(places(add(state, gradient))).toEqual([[0, 1]]);
  });

  it("not over one that is read in another order", () => {
    const x = leaf(4, 4);
    const transposed = createNode("permute", [x], { axes: [1, 0] });
    expect(places(add(x, transposed))).toEqual([[]]);
  });

  it("not over one that is larger or of another type", () => {
    const [x, row] = [leaf(4, 4), leaf(4)];
    const rows = createNode("expand", [createNode("reshape", [row], { shape: [1, 4] })], { shape: [4, 4] });
    // The row is the first input that is met.
    expect(places(add(x, rows))).toEqual([[1]]);
    const counts = createLeaf([8], "int32", new HostStorage(new Int32Array(8)));
    expect(places(createNode("cast", [counts], { dtype: "float32" }))).toEqual([[]]);
  });

  it("not over one that a later loop reads, or another output hands out", () => {
    const x = leaf(16);
    const total = createNode("sum", [mul(x, x)], { axes: [0] });
    const scaled = mul(
      x,
      createNode("expand", [createNode("reshape", [total], { shape: [1] })], { shape: [16] }),
    );
    // The sum is read before the product is written, so here it may; the other way round it may not.
    expect(places(scaled)).toEqual([[0]]);
    expect(places(add(x, x), total)[0]).toEqual([]);
    expect(places(x, add(x, leaf(16)))[1]).toEqual([1]);
  });

  it("not over one that only a neighbour in the same loop reads", () => {
    const [x, y] = [leaf(8), leaf(8)];
    // Both results come from one loop, which reads what it needs for the first result, writes that, and goes on.
    expect(places(add(x, x), mul(x, y))).toEqual([[0], [0, 1]]);
  });

  it("not over what a matrix product reads", () => {
    expect(places(createNode("matmul", [leaf(4, 4), leaf(4, 4)], {}))).toEqual([[]]);
    const [a, b] = [leaf(4, 4), leaf(4, 4)];
    const product = createNode("matmul", [a, b], {});
    expect(places(add(product, a), add(product, leaf(4, 4)))).toEqual([[], []]);
  });

  it("that a product's epilogue reads, but where the sums grow", () => {
    const [a, b, state, weight] = [leaf(4, 4), leaf(4, 4), leaf(4, 4), leaf(4, 4)];
    const next = add(createNode("matmul", [a, b], {}), state);
    // Inputs by the order in which they are met: a, b, state, weight.
    expect(places(next, createNode("sub", [weight, next], {}))).toEqual([[2], []]);
  });
});
