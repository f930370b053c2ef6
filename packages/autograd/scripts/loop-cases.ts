import {
  bernoulli,
  gather,
  Generator,
  normal,
  detach,
  tensor,
  where,
  zeros,
  type Tensor,
} from "@stargrad/tensor";
import { customFunction, onGradient, rematerialize } from "../src/index.js";

export const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { dtype: "float64", std: 0.7, generator: new Generator(seed) });

/** Either kind of loop. What it returns is nested as the function says. */
export type Loop = <C, Y>(
  f: (carry: never, x: never) => { carry: C; y?: Y },
  initial: unknown,
  sequences: unknown,
  options?: object,
) => { carry: C; y: Y };

export interface LoopCase {
  readonly f: (loop: Loop) => (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly Tensor[];
  /** Whether its gradient is on purpose not its derivative. */
  readonly otherGradient?: boolean;
}

/** Functions of float64 tensors that loop, by either kind of loop. */
export const loopCases: Record<string, LoopCase> = {
  "a recurrent layer": {
    f: (loop) => (w, u, b, h0, x) => {
      const { carry, y } = loop(
        (h: Tensor, each: Tensor) => {
          const next = each.matmul(w).add(h.matmul(u)).add(b).tanh();
          return { carry: next, y: next };
        },
        h0,
        x,
      );
      return y.square().sum().add(carry.sum());
    },
    inputs: [random(1, 3, 2), random(2, 2, 2), random(3, 2), random(4, 4, 2), random(5, 5, 4, 3)],
  },
  "only the last carry": {
    f: (loop) => (a, x) =>
      loop(
        (h: Tensor, each: Tensor) => ({ carry: h.mul(a).add(each).sin() }),
        zeros([2], { dtype: "float64" }),
        x,
      ).carry.sum(),
    inputs: [random(1, 2), random(2, 4, 2)],
  },
  "only the results, in reverse": {
    f: (loop) => (a, x) =>
      loop((h: Tensor, each: Tensor) => ({ carry: h.mul(each).add(a), y: h.exp() }), a, x, { reverse: true })
        .y.mul(random(9, 4, 2))
        .sum(),
    inputs: [random(1, 2), random(2, 4, 2)],
  },
  "a single iteration": {
    f: (loop) => (a, x) =>
      loop((h: Tensor, each: Tensor) => ({ carry: h.mul(each).sin(), y: [h] }), a, x).carry.sum(),
    inputs: [random(1, 2), random(2, 1, 2)],
  },
  "no sequences": {
    f: (loop) => (a, b) =>
      loop((h: Tensor) => ({ carry: h.mul(a).sin(), y: h.mul(b) }), b, null, { length: 3 })
        .y.square()
        .sum(),
    inputs: [random(1, 2), random(2, 2)],
  },
  "no carries": {
    f: (loop) => (w, x) =>
      loop((_: unknown, each: Tensor) => ({ carry: [], y: each.mul(w).tanh() }), [], x).y.sum(),
    inputs: [random(1, 2), random(2, 3, 2)],
  },
  "results that are carries, slices and constants themselves": {
    f: (loop) => (a, x) => {
      const { carry, y } = loop(
        ([h, before]: Tensor[], each: Tensor) => ({
          carry: [before, h.mul(each)],
          y: [h, each, a, before.add(a)],
        }),
        [a, a.square()],
        x,
      );
      return [...carry, ...y].map((each, i) => each.mul(i + 1).sum()).reduce((sum, each) => sum.add(each));
    },
    inputs: [random(1, 2), random(2, 3, 2)],
  },
  "one tensor as a constant, a carry and a sequence": {
    f: (loop) => (w) =>
      loop((h: Tensor, each: Tensor) => ({ carry: h.matmul(w).sin().add(each), y: w.mul(h) }), w, w).y.sum(),
    inputs: [random(1, 2, 2)],
  },
  "a constant that is used in several ways": {
    f: (loop) => (w, x) =>
      loop(
        (h: Tensor, each: Tensor) => ({
          carry: h.matmul(w).add(each.matmul(w.transpose())).add(w.sum()).tanh(),
          y: h.matmul(w).mul(w.reshape([4]).slice([[0, 2]])),
        }),
        x.slice([[0, 1]]).squeeze(0),
        x,
      ).y.sum(),
    inputs: [random(1, 2, 2), random(2, 3, 5, 2)],
  },
  "carries that count and choose": {
    f: (loop) => (a, x) =>
      loop(
        ({ h, n, odd }: Record<string, Tensor>, each: Tensor) => ({
          carry: { h: where(odd, h.mul(each), h.add(a)), n: n.add(1), odd: odd.logicalNot() },
          y: h.mul(n),
        }),
        { h: a, n: tensor(1, { dtype: "int32" }), odd: tensor([true, false]) },
        x,
      ).y.sum(),
    inputs: [random(1, 2), random(2, 5, 2)],
  },
  "picking rows of a table": {
    f: (loop) => (table) =>
      loop(
        (h: Tensor, index: Tensor) => {
          const row = table.take(index);
          return { carry: h.mul(row).add(0.5), y: gather(row, tensor([1, 0], { dtype: "int32" })) };
        },
        zeros([2], { dtype: "float64" }),
        tensor([2, 0, 2, 1], { dtype: "int32" }),
      ).carry.sum(),
    inputs: [random(1, 3, 2)],
  },
  "a carry that nothing reads, and one that nothing differentiable comes of": {
    f: (loop) => (a, x) =>
      loop(
        ([h, unused, steps]: Tensor[], each: Tensor) => ({
          carry: [h.mul(each), unused.add(h), steps.add(h.greater(0).cast("float64"))],
          y: h.mul(steps),
        }),
        [a, a, zeros([2], { dtype: "float64" })],
        x,
      ).y.sum(),
    inputs: [random(1, 2), random(2, 3, 2)],
  },
  "noise of a seed": {
    f: (loop) => (a, x) => {
      const generator = new Generator(7);
      return loop(
        (h: Tensor, each: Tensor) => ({
          carry: h.mul(bernoulli([2], { probability: 0.5, generator }).cast("float64")).add(each.sin()),
          y: h.mul(normal([2], { generator, dtype: "float64" })).exp(),
        }),
        a,
        x,
      ).y.sum();
    },
    inputs: [random(1, 2), random(2, 4, 2)],
  },
  "a loop in a loop": {
    f: (loop) => (w, x) =>
      loop(
        (h: Tensor, rows: Tensor) => {
          const inner = loop(
            (s: Tensor, row: Tensor) => ({ carry: s.matmul(w).add(row).tanh(), y: s.mul(h) }),
            h,
            rows,
            { reverse: true },
          );
          return { carry: inner.carry.mul(h.add(1)), y: inner.y.sum({ axis: 0 }) };
        },
        x
          .slice([
            [0, 1],
            [0, 1],
          ])
          .reshape([1, 2]),
        x,
      )
        .y.square()
        .sum(),
    inputs: [random(1, 2, 2), random(2, 3, 2, 1, 2)],
  },
  "a gradient that is stopped": {
    f: (loop) => (a, x) =>
      loop((h: Tensor, each: Tensor) => ({ carry: detach(h.mul(a)).add(each), y: h.mul(a) }), a, x).y.sum(),
    inputs: [random(1, 2), random(2, 3, 2)],
    otherGradient: true,
  },
  "a rematerialized body": {
    f: (loop) => (w, x) =>
      loop(
        (h: Tensor, each: Tensor) => {
          const next = rematerialize((state: Tensor) => state.matmul(w).tanh().add(each))(h);
          return { carry: next, y: next.sin() };
        },
        x.slice([[0, 1]]).squeeze(0),
        x,
      ).y.sum(),
    inputs: [random(1, 2, 2), random(2, 3, 1, 2)],
  },
  "a rematerialized loop": {
    f: (loop) => (w, x) =>
      rematerialize(
        (weights: Tensor, sequence: Tensor) =>
          loop(
            (h: Tensor, each: Tensor) => ({ carry: h.matmul(weights.exp()).tanh().add(each), y: h }),
            sequence.slice([[0, 1]]).squeeze(0),
            sequence.sin(),
          ).y,
      )(w.square(), x.square())
        .square()
        .sum(),
    inputs: [random(1, 2, 2), random(2, 3, 1, 2)],
  },
  "a derivative of its own": {
    f: (loop) => (w, x) => {
      const product = customFunction(
        (a: Tensor, b: Tensor) => a.mul(b),
        (g, [a, b]) => [g.mul(b).mul(2), g.mul(a).sin()],
      );
      return loop(
        (h: Tensor, each: Tensor) => ({
          carry: product(h, w.exp()).add(onGradient(each.square(), (g) => g.mul(3))),
        }),
        w,
        x,
      ).carry.sum();
    },
    inputs: [random(1, 2), random(2, 3, 2)],
    otherGradient: true,
  },
};
