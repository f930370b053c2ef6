import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { Generator, normal, ones, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { scaledDotProductAttention } from "../index.js";

const draw = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed), dtype: "float64" });

describe("scaledDotProductAttention", () => {
  const [query, key, value] = [draw(1, 3, 2), draw(2, 4, 2), draw(3, 4, 2)];
  const allowed = [
    [true, false, true, true],
    [false, false, false, false],
    [true, true, true, true],
  ];
  const bias = allowed.map((row) => row.map((allows) => (allows ? 0 : -Infinity)));

  it.each([
    ["bool", tensor(allowed)],
    ["float", tensor(bias)],
  ])("gives zeros and no gradient to a query that a %s mask leaves no key", (_, mask) => {
    const [q, k, v] = [query, key, value].map((x) => new Parameter(x));
    const y = scaledDotProductAttention(q, k, v, { mask });
    expect(y.select(0, 1).dataSync()).toEqual(new Float64Array(2));
    expect(y.select(0, 0).dataSync()).not.toEqual(new Float64Array(2));
    backward(y.sum());
    for (const x of [q, k, v]) expect(x.grad?.isFinite().all().toArraySync()).toBe(true);
    expect(q.grad?.select(0, 1).dataSync()).toEqual(new Float64Array(2));
  });

  it("takes true as attend, and the same of a bool and of a float mask", () => {
    const only = tensor([[false, true, false, false]]);
    const y = scaledDotProductAttention(query, key, value, { mask: only });
    for (const i of [0, 1, 2]) expect(y.select(0, i).dataSync()).toEqual(value.select(0, 1).dataSync());
    expect(scaledDotProductAttention(query, key, value, { mask: tensor(bias) }).dataSync()).toEqual(
      scaledDotProductAttention(query, key, value, { mask: tensor(allowed) }).dataSync(),
    );
  });

  it("ignores later keys when causal", () => {
    const [q, k, v] = [4, 5, 6].map((seed) => draw(seed, 4, 2));
    const first = (x: Tensor): Tensor => x.narrow(0, 0, 2);
    const later = (x: Tensor): Tensor => x.add(tensor([[0], [0], [9], [-7]]));
    const before = first(scaledDotProductAttention(q, k, v, { causal: true }));
    const after = first(scaledDotProductAttention(later(q), later(k), later(v), { causal: true }));
    expect(after.dataSync()).toEqual(before.dataSync());
  });

  it("has correct gradients of first and second order", () => {
    for (const order of [1, 2] as const) {
      const report = checkGradient(
        (q, k, v) => scaledDotProductAttention(q, k, v, { mask: tensor(allowed), causal: true }),
        [query, key, value],
        { order },
      );
      expect(report.largestError).toBeLessThan(1e-5);
    }
  });

  it("drops weights with its probability, and scales the rest", () => {
    const v = ones([1, 1, 1]);
    const one = zeros([1, 1, 1]);
    const generator = new Generator(1);
    const drawn = Array.from({ length: 40 }, () =>
      scaledDotProductAttention(one, one, v, { dropout: 0.75, generator }).itemSync(),
    );
    expect(new Set(drawn)).toEqual(new Set([0, 4]));
  });

  it("gives zeros if there is no key, and passes NaN on from keys that are used", () => {
    expect(scaledDotProductAttention(ones([2, 3]), zeros([0, 3]), zeros([0, 1])).dataSync()).toEqual(
      new Float32Array(2),
    );
    const keys = tensor([[NaN], [1]]);
    const hidden = scaledDotProductAttention(ones([1, 1]), keys, ones([2, 1]), {
      mask: tensor([false, true]),
    });
    expect(hidden.itemSync()).toBe(1);
    expect(scaledDotProductAttention(ones([1, 1]), keys, ones([2, 1])).itemSync()).toBeNaN();
    const mask = tensor([NaN, 0]);
    expect(
      scaledDotProductAttention(ones([1, 1]), ones([2, 1]), ones([2, 1]), { mask }).itemSync(),
    ).toBeNaN();
  });

  it("says which shapes and types do not fit", () => {
    const attend = scaledDotProductAttention;
    expect(() => attend(query, zeros([4, 3]), value)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scaledDotProductAttention: got the query [3, 2], the key [4, 3] and the value [4, 2]; expected […, L, E], […, S, E] and […, S, V]]`,
    );
    expect(() => attend(query, key, zeros([3, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scaledDotProductAttention: got the query [3, 2], the key [4, 2] and the value [3, 2]; expected […, L, E], […, S, E] and […, S, V]]`,
    );
    expect(() => attend(zeros([2]), key, value)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scaledDotProductAttention: got the query [2], the key [4, 2] and the value [4, 2]; expected […, L, E], […, S, E] and […, S, V]]`,
    );
    expect(() => attend(query, key, value, { mask: ones([4, 3]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scaledDotProductAttention: got mask [4, 3]; expected a shape that broadcasts to [3, 4]]`,
    );
    const mask = ones([3, 4], { dtype: "int32" });
    expect(() => attend(query, key, value, { mask })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: scaledDotProductAttention: got a mask of int32; expected bool, true where a query attends, or float, which is added to the scores. Cast with mask.cast("bool")]`,
    );
    expect(() => attend(query.cast("int32"), key, value)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: scaledDotProductAttention: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });
});
