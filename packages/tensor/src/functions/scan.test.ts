import { describe, expect, it } from "vitest";
import {
  arange,
  bernoulli,
  defaultGenerator,
  Generator,
  manualSeed,
  normal,
  ones,
  referenceEngine,
  scan,
  setEngine,
  stack,
  tensor,
  uniform,
  zeros,
  type Tensor,
} from "../index.js";

setEngine(referenceEngine);

describe("scan", () => {
  it("carries from slice to slice and stacks what each iteration returns", () => {
    const { carry, y } = scan(
      (sum, x) => ({ carry: sum.add(x), y: sum.mul(x) }),
      zeros([2]),
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect(carry.toArraySync()).toEqual([9, 12]);
    expect(y.shape).toEqual([3, 2]);
    expect(y.toArraySync()).toEqual([
      [0, 0],
      [3, 8],
      [20, 36],
    ]);
  });

  it("goes from the last slice to the first, and stacks in the order of the slices", () => {
    const { carry, y } = scan(
      (sum, x) => ({ carry: sum.mul(2).add(x), y: sum }),
      zeros([]),
      arange(3).cast("float32"),
      {
        reverse: true,
      },
    );
    expect(carry.itemSync()).toBe(((0 * 2 + 2) * 2 + 1) * 2);
    expect(y.toArraySync()).toEqual([5, 2, 0]);
  });

  it("keeps the nesting of carries, slices and results", () => {
    const { carry, y } = scan(
      ({ total, last }, [a, { b }]) => {
        const sum = total.add(a).add(b);
        return { carry: { total: sum, last: [a] }, y: { sum, before: last } };
      },
      { total: zeros([]), last: [zeros([])] },
      [tensor([1, 2]), { b: tensor([10, 20]) }] as const,
    );
    expect(carry.total.itemSync()).toBe(33);
    expect(carry.last[0].itemSync()).toBe(2);
    expect(y.sum.toArraySync()).toEqual([11, 33]);
    expect(y.before[0].toArraySync()).toEqual([0, 1]);
  });

  it("needs no sequences, no carry, no y", () => {
    const counted = scan((n: Tensor) => ({ carry: n.add(1), y: n }), tensor(0, { dtype: "int32" }), null, {
      length: 4,
    });
    expect(counted.carry.itemSync()).toBe(4);
    expect(counted.y.toArraySync()).toEqual([0, 1, 2, 3]);
    expect(scan((_, x) => ({ carry: {}, y: x.mul(2) }), {}, tensor([1, 2])).y.toArraySync()).toEqual([2, 4]);
    const only = scan((sum, x) => ({ carry: sum.add(x) }), zeros([]), tensor([1, 2]));
    expect(only.carry.itemSync()).toBe(3);
    expect(only.y).toBeUndefined();
    expect(scan(() => ({ carry: [] }), [], null, { length: 2 })).toEqual({ carry: [], y: undefined });
    expect(scan(() => ({ carry: [], y: ones([2]) }), [], null, { length: 2 }).y.toArraySync()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it("of no iterations is the initial carry and empty stacks", () => {
    const { carry, y } = scan(
      (h, x) => ({ carry: h.add(x), y: [h, x.greater(0)] }),
      ones([2]),
      zeros([0, 2]),
    );
    expect(carry.toArraySync()).toEqual([1, 1]);
    expect(y.map(({ shape, dtype }) => `${dtype} ${shape.join()}`)).toEqual(["float32 0,2", "bool 0,2"]);
  });
});

describe("draws in a loop", () => {
  it("are those of a plain loop", () => {
    manualSeed(3);
    const other = new Generator(2 ** 40 + 5);
    other.restore({ seed: 2 ** 40 + 5, block: 2 ** 32 - 2 });
    const f = (h: Tensor) => {
      const a = normal([3], { dtype: "float64" });
      const b = uniform([5], { generator: other, dtype: "float64" });
      const inner = scan(
        (s: Tensor) => ({
          carry: s.add(uniform([], { generator: other, dtype: "float64" })),
          y: bernoulli([6], { probability: 0.5 }),
        }),
        zeros([], { dtype: "float64" }),
        null,
        { length: 3 },
      );
      return { carry: h.add(1), y: [a, b, inner.carry, inner.y, uniform([2], { generator: other })] };
    };
    const states = [defaultGenerator(), other].map((g) => [g, g.state()] as const);
    const { y } = scan(f, zeros([]), null, { length: 4 });
    const looped = y.map((t) => t.toArraySync());
    const after = states.map(([g]) => g.state());
    for (const [g, s] of states) g.restore(s);
    const plain = Array.from({ length: 4 }, () => f(zeros([])).y);
    expect(looped).toEqual(plain[0].map((_, k) => stack(plain.map((each) => each[k])).toArraySync()));
    expect(states.map(([g]) => g.state())).toEqual(after);
  });
});
