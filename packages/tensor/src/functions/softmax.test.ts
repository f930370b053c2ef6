import { describe, expect, it } from "vitest";

import { arange, logSoftmax, logsumexp, normal, Generator, softmax, tensor, zeros } from "../index.js";

describe("softmax", () => {
  const x = normal([4, 7], { mean: 0, std: 30, dtype: "float64", generator: new Generator(1) });

  it("sums to 1 along its axis, and is the exponential of logSoftmax", () => {
    for (const total of softmax(x, { axis: 0 }).sum({ axis: 0 }).dataSync()) expect(total).toBeCloseTo(1, 14);
    const difference = softmax(x).sub(logSoftmax(x).exp()).abs();
    expect(difference.amax().itemSync()).toBeLessThan(1e-14);
  });

  it("does not change when every number is moved by the same amount", () => {
    const moved = softmax(x.add(1000)).sub(softmax(x)).abs();
    expect(moved.amax().itemSync()).toBeLessThan(1e-12);
  });

  it("brings integers to float32", () => {
    expect(softmax(arange(3)).dtype).toBe("float32");
    expect(logsumexp(arange(3)).dtype).toBe("float32");
  });

  it("of nothing is nothing, and its logsumexp is −∞", () => {
    expect(softmax(zeros([2, 0])).shape).toEqual([2, 0]);
    expect(logSoftmax(zeros([0]), { axis: 0 }).shape).toEqual([0]);
    expect(logsumexp(zeros([2, 0]), { axis: 1 }).toArraySync()).toEqual([-Infinity, -Infinity]);
  });
});

describe("logsumexp", () => {
  it("of a scalar is the scalar", () => {
    expect(logsumexp(tensor(3)).itemSync()).toBe(3);
  });
});
