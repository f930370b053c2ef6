import { Buffer, grad, Parameter, rematerialize } from "@stargrad/autograd";
import { LSTMCell, LayerNorm, Linear } from "@stargrad/nn";
import {
  concat,
  Generator,
  normal,
  scan,
  stack,
  detach,
  uniform,
  where,
  zeros,
  type Iteration,
  type Tensor,
} from "@stargrad/tensor";

/*
 * Loops with random bodies, made of operations of the public API, as `scan` and as a plain loop.
 */

/** The loop function: `scan`, or the plain loop that it replaces. */
export type Loop = (
  f: (carry: Tensor[], x: Tensor[]) => Iteration<Tensor[], Tensor[]>,
  initial: Tensor[],
  sequences: Tensor[],
  options: { readonly length: number; readonly reverse: boolean },
) => { readonly carry: Tensor[]; readonly y: Tensor[] };

export const asScan: Loop = (f, initial, sequences, options) => scan(f, initial, sequences, options);

/** The plain loop that `scan` replaces. */
export const unrolled: Loop = (f, initial, sequences, { length, reverse }) => {
  let carry = initial;
  const rows: Tensor[][] = [];
  for (let i = 0; i < length; i++) {
    const at = reverse ? length - 1 - i : i;
    const { carry: next, y = [] } = f(
      carry,
      sequences.map((sequence) => sequence.select(0, at)),
    );
    carry = next;
    rows[at] = y;
  }
  return { carry, y: rows[0].map((_, k) => stack(rows.map((row) => row[k]))) };
};

const shape = [3, 3] as const;

/** The tensors and variables that a body may read and assign besides its carries and slices. All are float64. */
export interface World {
  readonly parameter: Parameter;
  readonly buffer: Buffer;
  readonly linear: Linear;
  readonly norm: LayerNorm;
  readonly cell: LSTMCell;
}

export function worldOf(seed: number): World {
  const options = { generator: new Generator(seed), dtype: "float64" } as const;
  return {
    parameter: new Parameter(normal(shape, options)),
    buffer: new Buffer(normal(shape, options)),
    linear: new Linear(3, 3, options),
    norm: new LayerNorm(3, { dtype: options.dtype }),
    cell: new LSTMCell(3, 3, options),
  };
}

type Operation = (a: Tensor, b: Tensor, world: World, loop: Loop) => Tensor;

const smooth = (x: Tensor): Tensor => x.mul(0.7).tanh();

const operations: readonly Operation[] = [
  (a, b) => a.add(b),
  (a, b) => a.mul(b),
  (a, b) => a.matmul(b).tanh(),
  (a, b) => a.sub(b).sin(),
  (a, b) => a.div(b.square().add(1)),
  (a, b) => where(a.greater(b), a.mul(0.5), b.exp().add(1).log()),
  (a) => a.transpose(0, 1).sigmoid(),
  (a) => a.softmax({ axis: 1 }),
  (a) => a.cumsum({ axis: 0 }).mul(0.3),
  (a, b) => concat([a.narrow(0, 0, 1), b.narrow(0, 1, 2)]).flip(1),
  (a, b) => a.sum({ axis: 0, keepDims: true }).mul(b).tanh(),
  (a) => a.max({ axis: 1, keepDims: true }).values.sub(a),
  (a, b) =>
    a
      .argmax({ axis: 1, keepDims: true })
      .equal(b.argmin({ axis: 1, keepDims: true }))
      .cast("float64")
      .mul(a),
  (a) => detach(a.cos()).mul(a),
  (a, b) => rematerialize((x: Tensor, y: Tensor) => smooth(x.mul(y)).matmul(x))(a, b),
  // A derivative inside the loop.
  (a, b) => grad((x: Tensor) => smooth(x.mul(b)).sum())(a),
  (a, _, { parameter }) => a.matmul(parameter).tanh(),
  (a, _, { linear, norm }) => norm.forward(linear.forward(a)),
  (a, b, { cell }) => cell.forward(a, { hidden: b, cell: a }).hidden,
  (a, _, { buffer }) => {
    const before = a.mul(buffer);
    buffer.assign(buffer.mul(0.8).add(detach(a).mean().mul(0.1)));
    return before.add(buffer);
  },
  (a) => uniform(shape, { dtype: "float64" }).greater(0.3).cast("float64").mul(a),
  (a, b) => a.add(normal([3, 1], { dtype: "float64" }).mul(b).mul(0.1)),
  // A nested loop that reads values of the outer loop.
  (a, b, { parameter }, loop) => {
    const { carry, y } = loop(
      ([h], [x]) => {
        const next = smooth(h.matmul(parameter).add(x).mul(b));
        return { carry: [next], y: [next.sum({ axis: 1 })] };
      },
      [a],
      [stack([b, a, b.mul(a)])],
      { length: 3, reverse: true },
    );
    return carry[0].add(y[0]);
  },
];

export interface RandomLoop {
  /** Its inputs: the initial carry and the sequences. */
  readonly inputs: readonly Tensor[];
  /** Combines all results of the loop into one number, for either kind of loop. */
  readonly value: (loop: Loop, world: World, ...inputs: readonly Tensor[]) => Tensor;
}

export function randomLoop(seed: number): RandomLoop {
  const generator = new Generator(seed);
  const below = (count: number): number => Math.floor(generator.uniform() * count);
  const draw = (...lengths: number[]): Tensor => normal(lengths, { generator, dtype: "float64" });
  const length = 1 + below(5);
  const [carries, sequences] = [1 + below(2), below(3)];
  const reverse = below(2) === 1;
  const known = carries + sequences;
  const made = 2 + below(6);
  const steps = Array.from({ length: made }, (_, i) => ({
    operation: operations[below(operations.length)],
    // Mostly the most recent values.
    a: below(3) === 0 ? below(known + i) : known + i - 1,
    b: below(known + i),
  }));
  const last = known + made - 1;
  const next = Array.from({ length: carries }, () => last - below(Math.min(3, made)));
  const results = Array.from({ length: 1 + below(2) }, () => below(last + 1));
  const inputs = [
    ...Array.from({ length: carries }, () => draw(...shape)),
    ...Array.from({ length: sequences }, () => draw(length, ...shape)),
  ];
  return {
    inputs,
    value(loop, world, ...given) {
      const { carry, y } = loop(
        (h, x) => {
          const values = [...h, ...x];
          for (const { operation, a, b } of steps) values.push(operation(values[a], values[b], world, loop));
          return { carry: next.map((i) => smooth(values[i])), y: results.map((i) => values[i]) };
        },
        given.slice(0, carries),
        given.slice(carries),
        { length, reverse },
      );
      const total = [...carry, ...y].reduce(
        (sum: Tensor, each, i) =>
          sum.add(
            each
              .sin()
              .mul(i + 1)
              .sum(),
          ),
        zeros([], { dtype: "float64" }),
      );
      return total.add(world.buffer.sum());
    },
  };
}
