import { describe, expect, it, vi } from "vitest";
import { zeros } from "./functions/creation.js";
import { normal } from "./functions/random.js";
import { manualSeed, tensor, type Tensor } from "./index.js";
import { record } from "./recording.js";
import { TracedFunction, type NextValues } from "./traced-function.js";

const inputs: [state: [number, number], given: number][] = [
  [[1, 2], 3],
  [[5, -1], 0.5],
  [[0, 4], -2],
];

type Update = (states: readonly Tensor[], given: readonly Tensor[]) => NextValues;

/** Applies a function to the inputs in turn; returns the values and the number of calls. */
function turns(f: Update) {
  const traced = new TracedFunction();
  const called = vi.fn(f);
  const values = inputs.map(([state, given]) =>
    traced
      .apply(called, [tensor(state), zeros([2])], [tensor(given)])
      .map(([index, next]) => [index, next.toArraySync()]),
  );
  return { values, calls: called.mock.calls.length };
}

describe("a traced function", () => {
  it("is called once, and applies to other values", () => {
    const { values, calls } = turns(([x, sum], [k]) => [x.mul(k), sum.add(x)]);
    expect(calls).toBe(1);
    expect(values).toEqual(
      inputs.map(([[a, b], k]) => [
        [0, [a * k, b * k]],
        [1, [a, b]],
      ]),
    );
  });

  it("returns only the states that change, which may be another state or an argument", () => {
    expect(turns(([x]) => [undefined, x]).values).toEqual(inputs.map(([state]) => [[1, state]]));
    expect(turns(([x], [k]) => [k.add(x.mul(0))]).values).toEqual(inputs.map(([, k]) => [[0, [k, k]]]));
  });

  it("keeps literals", () => {
    const { values, calls } = turns(([x]) => [x.maximum(1).add(tensor([10, 20]))]);
    expect(calls).toBe(1);
    expect(values).toEqual(inputs.map(([[a, b]]) => [[0, [Math.max(a, 1) + 10, Math.max(b, 1) + 20]]]));
  });

  it("is called again at each application if it uses other tensors, which may have changed", () => {
    let outside = 0;
    const others = [1, 2, 3].map((value) => tensor(value));
    const { values, calls } = turns(([x]) => [x.add(others[outside++])]);
    expect(calls).toBe(3);
    expect(values).toEqual(inputs.map(([[a, b]], i) => [[0, [a + i + 1, b + i + 1]]]));
  });

  it("draws other numbers at each application, the same as a plain call", () => {
    const noisy: Update = ([x]) => [x.add(normal([2]))];
    manualSeed(3);
    const expected = inputs.map(([state]) => [[0, noisy([tensor(state)], [])[0]?.toArraySync()]]);
    manualSeed(3);
    expect(turns(noisy).values).toEqual(expected);
  });

  it("makes the same values while a function is recorded", () => {
    const traced = new TracedFunction();
    const double = ([x]: readonly Tensor[]): NextValues => [x.mul(2)];
    const recorded = record(() => traced.apply(double, [tensor([1, 2])], []));
    const [[, inside]] = recorded.result;
    const [[, outside]] = traced.apply(double, [tensor([3, 4])], []);
    expect([inside.toArraySync(), outside.toArraySync()]).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });

  it("throws if it reads a value", () => {
    expect(() => turns(([x]) => [x.mul(x.sum().itemSync())])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: data: a tensor is read inside of a function that is called once for all iterations: one that scan loops over, or the update of an optimizer. Return the tensor as a part of y and read it afterwards, or use a plain loop instead of scan]`,
    );
  });
});
