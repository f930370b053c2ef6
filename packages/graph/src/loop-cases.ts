import { allocate, type DType } from "./dtype.js";
import { HostStorage } from "./storage.js";
import { LoopBody } from "./loop-body.js";
import { createLeaf, createNode, Placeholder, type Node } from "./node.js";
import type { ScanAttributes } from "./primitives/scan.js";
import { draw, reals } from "./samples.js";
import { sizeOf, type Shape } from "./shape.js";

/** A loop, of which a test compares every output. */
export interface LoopCase {
  readonly name: string;
  /** Builds the loop from new leaves and returns its outputs. */
  readonly build: () => readonly Node[];
}

/** Loops that cover every kind of carry, sequence and result, and the edge cases of each, which engines easily get wrong. */
export function loopCases(dtype: "float32" | "float64"): LoopCase[] {
  const tensor = (shape: Shape, seed = 0): Node => leafOf(shape, dtype, draw(shape, reals(-1, 1), seed).data);
  const whole = (shape: Shape, ...elements: number[]): Node => leafOf(shape, "int32", elements);
  const zeros = (shape: Shape): Node => leafOf(shape, dtype, new Array<number>(sizeOf(shape)).fill(0));
  const named = (name: string, build: () => readonly Node[]): LoopCase => ({ name, build });

  return [
    named("carries, slices and a constant", () =>
      loop(
        { constants: [tensor([3])], carries: [tensor([3], 1)], sequences: [tensor([4, 3], 2)] },
        (c, [h], [x]) => {
          const next = add(mul(h, c[0]), x);
          return { next: [next], results: [mul(next, x)] };
        },
      ),
    ),
    ...[1, 5, 17].flatMap((size) =>
      [false, true].map((reverse) =>
        named(`a recurrent layer of ${size}${reverse ? ", in reverse" : ""}`, () =>
          loop(
            {
              constants: [tensor([size, size])],
              carries: [tensor([2, size], 1)],
              sequences: [tensor([6, 2, size], 2)],
              reverse,
            },
            ([w], [h], [x]) => {
              const next = tanh(add(matmul(h, w), x));
              return { next: [next], results: [next, h] };
            },
          ),
        ),
      ),
    ),
    // These sizes are no multiples of a vector's length, so slices written by different iterations share vectors.
    ...[2, 3, 7, 9].flatMap((size) =>
      [false, true].map((reverse) =>
        named(
          `zeros around ${size - 1} elements, for the next iteration and to be kept${reverse ? ", in reverse" : ""}`,
          () =>
            loop(
              { carries: [tensor([size])], sequences: [tensor([5, size], 1)], reverse },
              (_, [h], [x]) => ({
                next: [padded(add(firstOf(h, size - 1), firstOf(x, size - 1)), 1, 0)],
                results: [padded(firstOf(x, size - 1), 0, 1), h],
              }),
            ),
        ),
      ),
    ),
    named("carries that swap values, keep their value, or are set from a constant", () =>
      loop(
        { constants: [tensor([2])], carries: [0, 1, 2, 3].map((seed) => tensor([2], seed)), length: 5 },
        ([c], [a, b, kept, given]) => ({ next: [b, a, kept, c], results: [a, given, kept, c] }),
      ),
    ),
    named("carries that read one another", () =>
      loop({ carries: [tensor([40]), tensor([40], 1)], length: 7 }, (_, [a, b]) => ({
        next: [mul(add(a, b), createNode("cos", [b], {})), tanh(a)],
        results: [],
      })),
    ),
    named("results that are slices themselves, and one result twice", () =>
      loop({ sequences: [tensor([3, 2])] }, (_, __, [x]) => {
        const y = mul(x, x);
        return { next: [], results: [x, y, y] };
      }),
    ),
    named("many small parts in one result", () =>
      loop(
        { constants: [tensor([20, 3])], carries: [tensor([1, 3], 1)], sequences: [tensor([4, 1, 3], 2)] },
        ([c], [h], [x]) => {
          const parts = Array.from({ length: 18 }, (_, i) => [h, x, firstRow(c)][i % 3]);
          return { next: [add(h, x)], results: [createNode("concat", parts, { axis: 0 })] };
        },
      ),
    ),
    named("int32 and bool", () =>
      loop(
        {
          carries: [whole([2], 1, 5), leafOf([2], "bool", [0, 1])],
          sequences: [whole([4, 2], 3, -1, 0, 7, 2, 2, -4, 1)],
        },
        (_, [n, odd], [x]) => {
          const next = createNode("where", [odd, add(n, x), mul(n, x)], {});
          return { next: [next, createNode("less", [next, x], {})], results: [odd, next] };
        },
      ),
    ),
    named("sums, products through movements, and gather", () =>
      loop(
        {
          constants: [tensor([4, 3])],
          carries: [zeros([3, 3])],
          sequences: [tensor([3, 3, 2]), whole([3, 1, 3], 3, 0, 1, 2, 2, 0, 1, 3, 3)],
        },
        ([table], [h], [x, index]) => {
          const outer = matmul(x, createNode("permute", [x], { axes: [1, 0] }));
          const row = createNode("gather", [table, index], { axis: 0 });
          const total = createNode("sum", [row], { axes: [0] });
          const flat = createNode("reshape", [createNode("flip", [outer], { axes: [0] })], { shape: [9] });
          return { next: [add(h, outer)], results: [total, flat, createNode("max", [h], { axes: [1] })] };
        },
      ),
    ),
    named("random words", () =>
      loop({ sequences: [whole([2, 4], 1, 2, 3, 4, 1, 2, 5, 4)] }, (_, __, [start]) => ({
        next: [],
        results: [createNode("randomBits", [start], { shape: [3, 3] })],
      })),
    ),
    named("a loop in a loop", () =>
      loop(
        { constants: [tensor([2])], carries: [tensor([2], 1)], sequences: [tensor([3, 4, 2], 2)] },
        ([c], [h], [rows]) => {
          const [last, stack] = loop(
            { constants: [c], carries: [h], sequences: [rows], reverse: true },
            ([d], [s], [row]) => ({ next: [tanh(add(mul(s, d), row))], results: [mul(s, row)] }),
          );
          return { next: [add(last, h)], results: [createNode("sum", [stack], { axes: [0] }), stack] };
        },
      ),
    ),
    named("one iteration, with the same body for several loops", () => {
      const shape = [3, 5];
      const [rate, slope] = [[1, 1], shape].map((each) => new Placeholder({ shape: each, dtype }));
      const [value, moment] = [shape, shape].map((each) => new Placeholder({ shape: each, dtype }));
      const nextMoment = add(moment, mul(slope, slope));
      const step = mul(createNode("expand", [rate], { shape }), createNode("exp", [nextMoment], {}));
      const constants = [rate, slope];
      const carries = [value, moment];
      const next = [add(value, step), nextMoment];
      const body = new LoopBody({ constants, carries, sequences: [], next, results: [], inside: new Set() });
      const outputs = (...inputs: Node[]): Node[] => outputsOf(inputs, { body, length: 1, reverse: false });
      const turned = createNode("permute", [tensor([5, 3], 5)], { axes: [1, 0] });
      const first = outputs(tensor([1, 1], 1), tensor(shape, 2), tensor(shape, 3), tensor(shape, 4));
      const second = outputs(tensor([1, 1], 6), tanh(first[0]), turned, tensor(shape, 7));
      const third = outputs(tensor([1, 1], 8), turned, second[1], second[1]);
      return outputs(mul(tensor([1, 1], 8), tensor([1, 1], 9)), second[0], tanh(third[0]), third[1]);
    }),
    named("one iteration, with a product and a sum", () =>
      loop(
        { constants: [tensor([3, 3])], carries: [tensor([3, 3], 1), tensor([3], 2)], length: 1 },
        ([w], [h, s]) => {
          const product = matmul(createNode("permute", [h], { axes: [1, 0] }), w);
          const sum = createNode("reshape", [createNode("sum", [product], { axes: [0] })], { shape: [3] });
          return { next: [tanh(product), add(s, sum)], results: [] };
        },
      ),
    ),
    named("one iteration that swaps values, keeps one, and sets one from a constant", () =>
      loop(
        { constants: [tensor([2])], carries: [0, 1, 2, 3].map((seed) => tensor([2], seed)), length: 1 },
        ([c], [a, b, kept]) => ({ next: [b, a, kept, c], results: [] }),
      ),
    ),
    named("one iteration on empty tensors", () =>
      loop({ carries: [tensor([0, 2])], length: 1 }, (_, [h]) => ({ next: [tanh(h)], results: [] })),
    ),
    named("empty tensors", () =>
      loop({ carries: [tensor([0, 2])], sequences: [tensor([3, 0, 2])] }, (_, [h], [x]) => ({
        next: [add(h, x)],
        results: [createNode("sum", [x], { axes: [0] })],
      })),
    ),
  ];
}

interface Inputs {
  readonly constants?: readonly Node[];
  readonly carries?: readonly Node[];
  readonly sequences?: readonly Node[];
  /** Default: the length of the first sequence. */
  readonly length?: number;
  readonly reverse?: boolean;
}

type Body = (
  constants: readonly Node[],
  carries: readonly Node[],
  slices: readonly Node[],
) => { readonly next: readonly Node[]; readonly results: readonly Node[] };

/** Every output of a loop. */
function loop(
  {
    constants = [],
    carries = [],
    sequences = [],
    length = sequences[0]?.shape[0] ?? 0,
    reverse = false,
  }: Inputs,
  f: Body,
): Node[] {
  const formals = {
    carries: carries.map((carry) => new Placeholder(carry)),
    sequences: sequences.map(({ shape, dtype }) => new Placeholder({ shape: shape.slice(1), dtype })),
  };
  const { next, results } = f(constants, formals.carries, formals.sequences);
  const body = new LoopBody({ constants, ...formals, next, results, inside: new Set() });
  return outputsOf([...constants, ...carries, ...sequences], { body, length, reverse });
}

function outputsOf(inputs: readonly Node[], attributes: ScanAttributes<LoopBody>): Node[] {
  const bundle = createNode("scan", inputs, attributes);
  const { next, results } = attributes.body;
  return [...next, ...results].map((_, index) => createNode("scanOutput", [bundle], { index }));
}

function leafOf(shape: Shape, dtype: DType, elements: ArrayLike<number>): Node {
  const data = allocate(dtype, elements.length);
  data.set(elements);
  return createLeaf(shape, dtype, new HostStorage(data));
}

const add = (a: Node, b: Node): Node => createNode("add", [a, b], {});
const mul = (a: Node, b: Node): Node => createNode("mul", [a, b], {});
const tanh = (x: Node): Node => createNode("tanh", [x], {});
const matmul = (a: Node, b: Node): Node => createNode("matmul", [a, b], {});
const firstOf = (x: Node, count: number): Node =>
  createNode("slice", [x], { starts: [0], lengths: [count], steps: [1] });
const padded = (x: Node, before: number, after: number): Node =>
  createNode("pad", [x], { before: [before], after: [after], between: [0], value: 0 });

function firstRow(x: Node): Node {
  const starts = x.shape.map(() => 0);
  return createNode("slice", [x], {
    starts,
    lengths: [1, ...x.shape.slice(1)],
    steps: x.shape.map(() => 1),
  });
}
