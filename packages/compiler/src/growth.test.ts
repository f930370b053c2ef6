import { createLeaf, createNode, HostStorage, type Node, type Shape } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { inPlaceOutputs } from "./in-place.js";
import { subexpressionsOf, type Kernel, type LoopKernel, type Program } from "./kernel.js";
import { lower } from "./lower.js";
import { planMemory } from "./memory-plan.js";
import { vectorTarget } from "./testing/targets.js";

// Graphs of any length: the size limits of kernels, and how often each pass visits each kernel.

const leaf = (...shape: number[]): Node =>
  createLeaf(
    shape,
    "float32",
    new HostStorage(new Float32Array(shape.reduce((size, length) => size * length, 1))),
  );
const apply = (name: "add" | "mul" | "exp" | "tanh" | "sub" | "div", ...inputs: Node[]) =>
  createNode(name, inputs, {});
const reduce = (name: "sum" | "max", x: Node, axis: number) => createNode(name, [x], { axes: [axis] });
const reshape = (x: Node, shape: Shape) => createNode("reshape", [x], { shape });
const expand = (x: Node, shape: Shape) => createNode("expand", [x], { shape });
const matmul = (a: Node, b: Node) => createNode("matmul", [a, b], {});
const transpose = (x: Node) => createNode("permute", [x], { axes: [1, 0] });

function repeated(x: Node, count: number, next: (x: Node) => Node): Node {
  let result = x;
  for (let i = 0; i < count; i++) result = next(result);
  return result;
}

/** One value per row, broadcast to the width of the rows. */
const column = (x: Node, shape: Shape) => expand(reshape(x, [shape[0], 1]), shape);

function softmax(x: Node): Node {
  const powers = apply("exp", apply("sub", x, column(reduce("max", x, 1), x.shape)));
  return apply("div", powers, column(reduce("sum", powers, 1), x.shape));
}

/** A layer with its activation, and a reduction of its output. */
function layer(x: Node): Node {
  const [rows, features] = x.shape;
  const product = matmul(x, transpose(leaf(features, features)));
  const activated = apply(
    "tanh",
    apply("add", product, expand(reshape(leaf(features), [1, features]), x.shape)),
  );
  return apply("sub", activated, column(reduce("sum", activated, 1), [rows, features]));
}

const { operands: operandBound, parts: partBound } = vectorTarget.kernel;
const groupBound = vectorTarget.rowBlocks;
const compile = (...outputs: Node[]) => fuse(lower(outputs, vectorTarget), vectorTarget);

function loopsOf({ kernels }: Program): LoopKernel[] {
  return kernels.flatMap((kernel) =>
    kernel.kind === "rows" ? kernel.loops : kernel.kind === "map" || kernel.kind === "reduce" ? [kernel] : [],
  );
}

function partsIn(loop: LoopKernel): number {
  return subexpressionsOf(
    loop.kind === "map" ? loop.results.map(({ expression }) => expression) : [loop.expression],
  ).length;
}

function expectBounded(program: Program): void {
  for (const loop of loopsOf(program)) {
    expect(partsIn(loop)).toBeLessThanOrEqual(partBound);
    if (loop.kind === "map") expect(loop.results.length).toBeLessThan(operandBound);
  }
  for (const kernel of program.kernels) {
    if (kernel.kind === "product") {
      expect(
        subexpressionsOf(kernel.epilogue.map(({ expression }) => expression)).length,
      ).toBeLessThanOrEqual(partBound);
    }
    if (kernel.kind !== "rows") continue;
    expect(kernel.loops.length).toBeLessThanOrEqual(groupBound.loops);
    expect(kernel.loops.reduce((sum, loop) => sum + partsIn(loop), 0)).toBeLessThanOrEqual(groupBound.parts);
  }
}

describe("a kernel stays small", () => {
  it("in a chain of 20,000 operations, which is divided into several loops", () => {
    const program = compile(repeated(leaf(4), 20_000, (x) => apply("tanh", x)));
    expectBounded(program);
    expect(program.kernels).toHaveLength(Math.ceil(20_000 / (partBound - 1)));
  });

  it("in a chain whose intermediate results are read later", () => {
    const links = [leaf(4)];
    for (let i = 0; i < 2000; i++) links.push(apply("tanh", links[i]));
    const program = compile(links.reduceRight((sum, link) => apply("mul", apply("exp", sum), link)));
    expectBounded(program);
    expect(program.kernels.length).toBeLessThan(2000 / 4);
  });

  it("in a chain with movements between its operations", () => {
    const program = compile(repeated(leaf(3, 4), 2000, (x) => transpose(apply("tanh", x))));
    expectBounded(program);
    expect(program.kernels).toHaveLength(Math.ceil(2000 / (partBound - 1)));
  });

  it("in a sum of a thousand operands", () => {
    const operands = Array.from({ length: 1000 }, () => apply("exp", leaf(4)));
    const program = compile(operands.reduce((sum, operand) => apply("add", sum, operand)));
    expectBounded(program);
    expect(program.kernels.length).toBeLessThan(1000 / 10);
  });

  it("in a concatenation of 6,000 small operands, which one kernel copies", () => {
    const operands = Array.from({ length: 6000 }, () => reshape(leaf(2, 3), [1, 2, 3]));
    const { kernels } = compile(createNode("concat", operands, { axis: 0 }));
    expect(kernels).toMatchObject([{ kind: "copy", parts: { length: 6000 } }]);
  });

  it("in a concatenation of 6,000 operands that are not copied, twelve per loop", () => {
    const operands = Array.from({ length: 6000 }, () => reshape(transpose(leaf(3, 2)), [1, 2, 3]));
    const program = compile(createNode("concat", operands, { axis: 0 }));
    expectBounded(program);
    // Each counts as two operands: one is read and one is written.
    expect(program.kernels).toHaveLength(6000 / (operandBound / 2));
  });

  it("in a fold of windows of many elements, after a long chain", () => {
    const side = sized({ short: 40, long: 100 });
    const windows = repeated(leaf(2, 2, side, side), 300, (x) => apply("tanh", x));
    const attributes = {
      size: [side, side],
      stride: [20, 20],
      dilation: [1, 1],
      shape: [side + 20, side + 20],
    };
    const program = compile(createNode("fold", [windows], attributes));
    expectBounded(program);
    // One kernel for each index of the windows, the fill, and the chain.
    expect(program.kernels.length).toBeLessThanOrEqual(side ** 2 + 1 + Math.ceil(300 / (partBound - 1)));
  });

  it("in many loops over the same rows", () => {
    const program = compile(repeated(leaf(512, 256), 60, softmax));
    expectBounded(program);
    expect(program.kernels.filter(({ kind }) => kind === "rows").length).toBeGreaterThan(1);
    expect(program.kernels.length).toBeLessThan((60 * 4) / 8);
  });
});

/** A program whose kernels count how often their fields are read. */
function counted(program: Program): { readonly program: Program; readonly lookups: () => number } {
  let lookups = 0;
  const kernels = program.kernels.map(
    (kernel): Kernel =>
      new Proxy(kernel, {
        get(target, property) {
          lookups++;
          return Reflect.get(target, property) as unknown;
        },
      }),
  );
  return { program: { ...program, kernels }, lookups: () => lookups };
}

describe("a graph of twice the length takes at most 2.2 times the work", () => {
  const graphs: Record<string, (length: number) => Node[]> = {
    chain: (length) => [repeated(leaf(4), 20 * length, (x) => apply("tanh", x))],
    layers: (length) => [repeated(leaf(8, 16), length, layer)],
    "layers with long rows": (length) => [repeated(leaf(512, 128), length, layer)],
    "attention's softmax": (length) => [repeated(leaf(512, 256), length, softmax)],
    concatenation: (length) => [
      createNode(
        "concat",
        Array.from({ length: 4 * length }, () => apply("exp", leaf(2, 3))),
        { axis: 0 },
      ),
    ],
    "slices of one": (length) => {
      const x = apply("exp", leaf(4 * length, 3));
      return Array.from({ length: 4 * length }, (_, i) =>
        createNode("slice", [x], { starts: [i, 0], lengths: [1, 3], steps: [1, 1] }),
      );
    },
    "picks by one index": (length) => {
      const index = createLeaf([5, 1], "int32", new HostStorage(new Int32Array(5)));
      return Array.from({ length }, () => createNode("gather", [leaf(5, 4), index], { axis: 1 }));
    },
  };
  const passes = {
    fuse: (program: Program) => fuse(program, vectorTarget),
    planMemory: (program: Program) => planMemory(program, vectorTarget),
    inPlaceOutputs: (program: Program) => inPlaceOutputs(program),
  };

  it.each(Object.keys(graphs))("%s", (name) => {
    const [short, long] = [100, 200].map((length) => {
      const lowered = lower(graphs[name](length), vectorTarget);
      return Object.entries(passes).map(([pass, run]) => {
        const { program, lookups } = counted(pass === "fuse" ? lowered : fuse(lowered, vectorTarget));
        run(program);
        return { pass, lookups: lookups() };
      });
    });
    for (const [i, { pass, lookups }] of long.entries()) {
      expect(lookups, pass).toBeLessThanOrEqual(2.2 * short[i].lookups);
    }
  });
});
