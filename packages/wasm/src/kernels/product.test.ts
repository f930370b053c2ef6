import { fuse, lower } from "@stargrad/compiler";
import {
  createLeaf,
  createNode,
  HostStorage,
  referenceEngine,
  runProgram,
  sizeOf,
  type Node,
  type Shape,
} from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { LoopCase } from "../testing/loop-case.js";
import { wasmTarget } from "../target.js";

let seed = 1;
const leaf = (...shape: number[]): Node => {
  const values = Float32Array.from({ length: sizeOf(shape) }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) / 2 ** 24 - 0.5;
  });
  return createLeaf(shape, "float32", new HostStorage(values));
};
const apply = (name: "add" | "mul" | "maximum" | "tanh" | "less", ...inputs: Node[]): Node =>
  createNode(name, inputs, {});
const matmul = (a: Node, b: Node): Node => createNode("matmul", [a, b], {});
const spread = (x: Node, shape: Shape): Node => createNode("expand", [x], { shape });
const reshape = (x: Node, shape: Shape): Node => createNode("reshape", [x], { shape });
const permute = (x: Node, ...axes: number[]): Node => createNode("permute", [x], { axes });

/** Unfolds images with a 3 × 3 kernel, to columns of shape [channels · 9, images · positions]. */
function columnsOf(x: Node): Node {
  const [n, c, height, width] = x.shape;
  const windows = createNode("unfold", [x], { size: [3, 3], stride: [1, 1], dilation: [1, 1] });
  return reshape(permute(windows, 1, 4, 5, 0, 2, 3), [c * 9, n * (height - 2) * (width - 2)]);
}

const products: Readonly<Record<string, () => Node[]>> = {
  "by rows": () => [matmul(leaf(90, 30), leaf(30, 21))],
  "by columns": () => [matmul(leaf(21, 30), leaf(30, 90))],
  "of more than one block of k": () => [matmul(leaf(13, 1100), leaf(1100, 40))],
  "of a few rows": () => [matmul(leaf(3, 30), leaf(30, 200))],
  "of a few columns": () => [matmul(leaf(200, 30), leaf(30, 3))],
  "of many rows that stand in columns": () => [matmul(permute(leaf(70, 100), 1, 0), leaf(70, 20))],
  "in batches": () => [matmul(leaf(5, 12, 9), leaf(5, 9, 20))],
  "in batches of one block": () => [matmul(leaf(7, 3, 4), leaf(7, 4, 2))],
  "with a bias, an activation and what is kept for the gradient": () => {
    const sums = apply("add", matmul(leaf(17, 30), leaf(30, 37)), spread(leaf(1, 37), [17, 37]));
    return [sums, apply("maximum", sums, spread(leaf(1, 1), [17, 37]))];
  },
  "that becomes another type": () => {
    const sums = matmul(leaf(17, 30), leaf(30, 37));
    return [apply("tanh", sums), apply("less", sums, spread(leaf(1, 1), [17, 37]))];
  },
  "of windows, to images": () => {
    const sums = matmul(leaf(7, 18), columnsOf(leaf(3, 2, 9, 11))); // [7, 3 · 7 · 9]
    const images = permute(reshape(sums, [7, 3, 7, 9]), 1, 0, 2, 3);
    return [apply("add", images, spread(leaf(1, 7, 1, 1), [3, 7, 7, 9]))];
  },
  "in batches, with what is added to each": () => [
    apply("add", matmul(leaf(4, 6, 9), leaf(4, 9, 11)), spread(leaf(4, 1, 11), [4, 6, 11])),
  ],
};

describe("a product", () => {
  for (const [name, build] of Object.entries(products)) {
    it(`${name} has the same bits for every division into shares`, () => {
      const outputs = build();
      const program = fuse(lower(outputs, wasmTarget), wasmTarget);
      const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
      const run = (shares: number | null) => {
        const products = new LoopCase(program);
        products.place(outputs);
        products.run(shares);
        return program.outputs.map((buffer) => [...products.elements(buffer)]);
      };
      const whole = run(null);
      whole.forEach((values, i) => {
        const worst = values.reduce((most, value, j) => Math.max(most, Math.abs(value - expected[i][j])), 0);
        expect(worst).toBeLessThan(1e-4);
      });
      for (const shares of [1, 2, 3, 7]) expect(run(shares)).toEqual(whole);
    });
  }
});
