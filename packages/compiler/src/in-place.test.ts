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

/** For each output, by index, the indices of the inputs that it may overwrite. */
function overwritable(...outputs: Node[]): number[][] {
  const program = fuse(lower(outputs, vectorTarget), vectorTarget);
  const inPlace = inPlaceOutputs(program);
  return program.outputs.map((output) =>
    [...(inPlace.get(output) ?? [])].map((input) => program.inputs.indexOf(input)).sort(),
  );
}

describe("an output may overwrite an input", () => {
  it("that its loop reads element by element and no later kernel reads", () => {
    const [state, gradient] = [leaf(8), leaf(8)];
    expect(overwritable(add(state, gradient))).toEqual([[0, 1]]);
  });

  it("but not one that is read in another order", () => {
    const x = leaf(4, 4);
    const transposed = createNode("permute", [x], { axes: [1, 0] });
    expect(overwritable(add(x, transposed))).toEqual([[]]);
  });

  it("but not one that is larger or of another element type", () => {
    const [x, row] = [leaf(4, 4), leaf(4)];
    const rows = createNode("expand", [createNode("reshape", [row], { shape: [1, 4] })], { shape: [4, 4] });
    // The row is the first input.
    expect(overwritable(add(x, rows))).toEqual([[1]]);
    const counts = createLeaf([8], "int32", new HostStorage(new Int32Array(8)));
    expect(overwritable(createNode("cast", [counts], { dtype: "float32" }))).toEqual([[]]);
  });

  it("but not one that a later loop reads, or that is also an output", () => {
    const x = leaf(16);
    const total = createNode("sum", [mul(x, x)], { axes: [0] });
    const scaled = mul(
      x,
      createNode("expand", [createNode("reshape", [total], { shape: [1] })], { shape: [16] }),
    );
    // The sum is computed before the product is written, so the product may overwrite it, but not the other way round.
    expect(overwritable(scaled)).toEqual([[0]]);
    expect(overwritable(add(x, x), total)[0]).toEqual([]);
    expect(overwritable(x, add(x, leaf(16)))[1]).toEqual([1]);
  });

  it("but not one that only another result of the same loop reads", () => {
    const [x, y] = [leaf(8), leaf(8)];
    // One loop computes both results: it reads the operands of the first result and writes it before it computes the second.
    expect(overwritable(add(x, x), mul(x, y))).toEqual([[0], [0, 1]]);
  });

  it("but not an operand of a matrix product", () => {
    expect(overwritable(createNode("matmul", [leaf(4, 4), leaf(4, 4)], {}))).toEqual([[]]);
    const [a, b] = [leaf(4, 4), leaf(4, 4)];
    const product = createNode("matmul", [a, b], {});
    expect(overwritable(add(product, a), add(product, leaf(4, 4)))).toEqual([[], []]);
  });

  it("that a product's epilogue reads, except into the accumulator buffer", () => {
    const [a, b, state, weight] = [leaf(4, 4), leaf(4, 4), leaf(4, 4), leaf(4, 4)];
    const next = add(createNode("matmul", [a, b], {}), state);
    // The inputs in order: a, b, state, weight.
    expect(overwritable(next, createNode("sub", [weight, next], {}))).toEqual([[2], []]);
  });
});
