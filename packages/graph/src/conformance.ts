import { samplesOf } from "./descriptions.js";
import { allocate, type DType, type TypedArray } from "./dtype.js";
import { runProgram } from "./engine.js";
import { HostStorage } from "./storage.js";
import { loopCases } from "./loop-cases.js";
import { createLeaf, createNode, type Node } from "./node.js";
import type { HostTensor } from "./primitive.js";
import { binaryNames, plainNames } from "./primitives.js";
import { referenceEngine } from "./reference-engine.js";
import { draw, reals } from "./samples.js";
import { randomLoops } from "./random-loops.js";
import { formatShape, sizeOf } from "./shape.js";

/** A small graph on which every engine has to agree with the reference engine. */
export interface ConformanceCase {
  readonly name: string;
  /** Builds the graph from new leaves and computes nothing. */
  readonly build: () => Node;
  /** The largest relative error, or absolute error for results smaller than 1. */
  readonly tolerance: number;
}

/**
 * Test cases for engines, generated from the tables: every primitive on each of its samples, in both floating-point types, with
 * inputs in different memory layouts and of shapes that broadcast; sums, sorts and products of sizes around an engine's block sizes;
 * and loops.
 */
export function conformanceCases(): ConformanceCase[] {
  const loops = [...randomLoops()].map((loop) => ({ ...loop, tolerance: loopTolerances[loop.dtype] }));
  return [
    ...sampleCases(),
    ...sizeCases(),
    ...broadcastCases(),
    ...concatenationCases(),
    ...partCases(),
    ...loops,
    ...floatTypes.map((dtype) => sumCase(largeSize, dtype)),
    ...floatTypes.flatMap(outputsOfLoops),
  ];
}

/** Describes the first element that differs by more than the tolerance; `null` if there is none. A tolerance of 0 requires equal bits. */
export function disagreement(got: TypedArray, expected: TypedArray, tolerance: number): string | null {
  if (got.constructor !== expected.constructor || got.length !== expected.length) {
    return `got ${got.constructor.name}(${got.length}); expected ${expected.constructor.name}(${expected.length})`;
  }
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(got[i], expected[i])) continue;
    const near = Math.abs(got[i] - expected[i]) <= tolerance * Math.max(1, Math.abs(expected[i]));
    if (!near || tolerance === 0) return `element ${i} is ${got[i]}; expected ${expected[i]}`;
  }
  return null;
}

type FloatType = "float32" | "float64";

const floatTypes: readonly FloatType[] = ["float64", "float32"];
/** Larger, because rounding errors accumulate over the iterations. */
const loopTolerances: Readonly<Record<FloatType, number>> = { float64: 1e-11, float32: 1e-3 };
const tolerances: Readonly<Record<FloatType, number>> = { float64: 1e-13, float32: 2e-6 };

/** The memory layouts of an input: contiguous, through a movement, or computed in the same program. */
const arrangements: Readonly<Record<string, (node: Node) => Node>> = {
  contiguous: (node) => node,
  transposed: (node) => reverse(computed(reverse(node))),
  flipped: (node) => flip(computed(flip(node))),
  "every second of twice as many": (node) => {
    const zeros = node.shape.map(() => 0);
    const ones = node.shape.map(() => 1);
    const padded = createNode("pad", [node], { before: zeros, after: ones, between: ones, value: 0 });
    return createNode("slice", [padded], {
      starts: zeros,
      lengths: node.shape,
      steps: node.shape.map(() => 2),
    });
  },
  broadcast: (node) => {
    if (node.shape.length === 0 || sizeOf(node.shape) === 0) return node;
    const lengths = [...node.shape.slice(0, -1), 1];
    const first = createNode("slice", [node], {
      starts: node.shape.map(() => 0),
      lengths,
      steps: node.shape.map(() => 1),
    });
    return createNode("expand", [computed(first)], { shape: node.shape });
  },
  computed: (node) => createNode("where", [createNode("equal", [node, node], {}), node, node], {}),
};

function* sampleCases(): Iterable<ConformanceCase> {
  for (const name of plainNames) {
    for (const [i, { inputs, attributes }] of samplesOf(name).entries()) {
      const types = inputs.some(({ dtype }) => dtype === "float64") ? floatTypes : floatTypes.slice(0, 1);
      for (const dtype of types) {
        for (const [arrangement, arrange] of Object.entries(arrangements)) {
          yield {
            name: `${name}, sample ${i}, ${dtype}, ${arrangement}`,
            build: () =>
              createNode(
                name,
                inputs.map((input) => arrange(leafOf(input, dtype))),
                attributes as never,
              ),
            tolerance: tolerances[dtype],
          };
        }
      }
    }
  }
}

/** One case for each output of each loop. */
function outputsOfLoops(dtype: FloatType): ConformanceCase[] {
  return loopCases(dtype).flatMap(({ name, build }) =>
    build().map((_, i) => ({
      name: `a loop with ${name}, output ${i}, ${dtype}`,
      build: () => build()[i],
      // Rounding errors of one iteration propagate to the next.
      tolerance: 10 * tolerances[dtype],
    })),
  );
}

/** Concatenations of computed operands of several kinds: an engine may compute each directly into its part of the result. */
function* concatenationCases(): Iterable<ConformanceCase> {
  for (const dtype of floatTypes) {
    for (const axis of [0, 1]) {
      const matrix = (rows: number, columns: number, seed: number): Node =>
        leafOf(draw([rows, columns], reals(-1, 1), seed), dtype);
      const product = (seed: number): Node =>
        createNode("matmul", [matrix(4, 3, seed), matrix(3, 5, seed + 1)], {});
      const exponential = (seed: number): Node => createNode("exp", [matrix(4, 5, seed)], {});
      const total = (seed: number): Node => {
        const sums = createNode("sum", [matrix(4, 5, seed)], { axes: [1 - axis] });
        const shape = axis === 0 ? [4, 1] : [1, 5];
        return createNode("expand", [createNode("reshape", [sums], { shape })], { shape: [4, 5] });
      };
      yield* [
        { of: "products", operands: () => [product(0), product(2), product(4)] },
        {
          of: "several kinds",
          operands: () => [exponential(0), product(1), total(3), exponential(4), product(5)],
        },
        { of: "a product, and what is computed from it", operands: () => productAndMore(product(0)) },
      ].map(({ of, operands }) => ({
        name: `a concatenation of ${of} along axis ${axis}, ${dtype}`,
        build: () => createNode("concat", operands(), { axis }),
        tolerance: tolerances[dtype],
      }));
    }
  }
}

/** Many small tensors in one, and one of the many small parts of a tensor: an engine may copy memory. */
function* partCases(): Iterable<ConformanceCase> {
  for (const dtype of floatTypes) {
    const rows = (count: number, seed: number): Node => leafOf(draw([count, 3], reals(-1, 1), seed), dtype);
    const many = (): Node =>
      createNode(
        "concat",
        Array.from({ length: 40 }, (_, i) => rows(1 + (i % 2), i)),
        { axis: 0 },
      );
    const part = (node: Node, start: number): Node =>
      createNode("slice", [node], { starts: [start, 0], lengths: [2, 3], steps: [1, 1] });
    const tolerance = tolerances[dtype];
    yield { name: `a concatenation of many small tensors, ${dtype}`, build: many, tolerance };
    yield { name: `a small part of a concatenation, ${dtype}`, build: () => part(many(), 31), tolerance };
    yield {
      name: `a small part of a computed tensor, ${dtype}`,
      build: () => part(createNode("exp", [rows(50, 0)], {}), 17),
      tolerance,
    };
    yield {
      name: `a concatenation of many small tensors of bool, which is computed with, ${dtype}`,
      build: () => {
        const flags = Array.from({ length: 40 }, (_, i) =>
          createNode("less", [rows(1, i), rows(1, i + 1)], {}),
        );
        const joined = createNode("concat", flags.map(computed), { axis: 0 });
        return createNode("where", [joined, rows(40, 1), rows(40, 2)], {});
      },
      tolerance,
    };
  }
}

function productAndMore(product: Node): Node[] {
  return [product, createNode("exp", [product], {}), createNode("neg", [product], {})];
}

/** Operands of different shapes, as leaves and as nodes that the same program computes. */
function* broadcastCases(): Iterable<ConformanceCase> {
  for (const name of binaryNames) {
    for (const shapes of [
      [[2, 3], []],
      [[3], [2, 3]],
      [[3, 1], [4]],
      [
        [1, 5],
        [0, 1],
      ],
    ]) {
      for (const dtype of floatTypes) {
        const operands = (arrange: (node: Node) => Node): Node[] =>
          shapes.map((shape, seed) => arrange(leafOf(draw(shape, reals(0.5, 2), seed), dtype)));
        const title = `${name} of ${shapes.map(formatShape).join(" and ")}, ${dtype}`;
        for (const arrangement of ["contiguous", "computed"]) {
          yield {
            name: `${title}, ${arrangement}`,
            build: () => createNode(name, operands(arrangements[arrangement]), {}),
            tolerance: tolerances[dtype],
          };
        }
        yield {
          name: `${title}, through where`,
          build: () => {
            const [a, b] = operands(arrangements.computed);
            return createNode("where", [createNode("less", [b, b], {}), a, b], {});
          },
          tolerance: 0,
        };
      }
    }
  }
}

/** Needs more memory than an engine allocates initially. */
const largeSize = 1_000_000;

/** Sizes around the lengths of vectors, tiles and unrolled loops. */
const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129];

function* sizeCases(): Iterable<ConformanceCase> {
  for (const size of sizes) {
    for (const dtype of floatTypes) {
      const tensor = (shape: readonly number[], seed = 0) => leafOf(draw(shape, reals(-2, 2), seed), dtype);
      const one = (name: string, build: () => Node): ConformanceCase => {
        return { name: `${name}, ${dtype}`, build, tolerance: tolerances[dtype] * Math.sqrt(size) };
      };
      const row = () => tensor([3, size]);
      yield sumCase(size, dtype);
      yield one(`sum of rows of ${size}`, () => createNode("sum", [row()], { axes: [1] }));
      yield one(`sum of columns of ${size}`, () => createNode("sum", [reverse(row())], { axes: [0] }));
      yield one(`maximum of rows of ${size}`, () => createNode("max", [row()], { axes: [1] }));
      yield one(`cumulative sum of rows of ${size}`, () => createNode("cumsum", [row()], { axis: 1 }));
      yield one(`order of rows of ${size}`, () =>
        createNode("argsort", [row()], { axis: 1, descending: false }),
      );
      for (const [rows, inner, columns] of [
        [size, 7, 5],
        [5, size, 7],
        [7, 5, size],
        [size, size, size],
      ]) {
        for (const transposed of ["neither", "the first", "the second", "both"]) {
          const first = transposed === "the first" || transposed === "both";
          const second = transposed === "the second" || transposed === "both";
          yield one(`product ${rows}×${inner}×${columns}, ${transposed} transposed`, () =>
            createNode(
              "matmul",
              [
                first ? reverse(tensor([inner, rows])) : tensor([rows, inner]),
                second ? reverse(tensor([columns, inner], 1)) : tensor([inner, columns], 1),
              ],
              {},
            ),
          );
        }
      }
    }
  }
}

function sumCase(size: number, dtype: FloatType): ConformanceCase {
  return {
    name: `tanh(x) + y of ${size}, ${dtype}`,
    build: () => {
      const [x, y] = [0, 1].map((seed) => leafOf(draw([size], reals(-2, 2), seed), dtype));
      return createNode("add", [createNode("tanh", [x], {}), y], {});
    },
    tolerance: tolerances[dtype],
  };
}

function leafOf({ shape, dtype, data }: HostTensor, floats: FloatType): Node {
  const type: DType = dtype === "float64" ? floats : dtype;
  const copy = allocate(type, sizeOf(shape));
  copy.set(data);
  return createLeaf(shape, type, new HostStorage(copy));
}

/** A leaf with the elements of a node, computed by the reference engine. */
function computed(node: Node): Node {
  const [elements] = runProgram(referenceEngine, [node]);
  return createLeaf(node.shape, node.dtype, elements);
}

function reverse(node: Node): Node {
  return createNode("permute", [node], { axes: allAxes(node).reverse() });
}

function flip(node: Node): Node {
  return createNode("flip", [node], { axes: allAxes(node) });
}

function allAxes(node: Node): number[] {
  return node.shape.map((_, axis) => axis);
}
