import { Generator, manualSeed, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Linear } from "../index.js";

describe("Linear", () => {
  it("is initially uniform in ±1/√in, from the given generator", () => {
    const layer = new Linear(64, 200, { generator: new Generator(3) });
    const weights = [...layer.weight.dataSync(), ...layer.bias!.dataSync()];
    const bound = 1 / 8;
    expect(weights.every((weight) => Math.abs(weight) <= bound)).toBe(true);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    const variance = weights.reduce((sum, weight) => sum + weight ** 2, 0) / weights.length;
    expect(mean).toBeCloseTo(0, 2);
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    const again = new Linear(64, 200, { generator: new Generator(3) });
    expect(again.weight.dataSync()).toEqual(layer.weight.dataSync());
    expect(new Linear(64, 200, { generator: new Generator(4) }).weight.dataSync()).not.toEqual(
      layer.weight.dataSync(),
    );
  });

  it("uses the shared generator otherwise", () => {
    manualSeed(5);
    const first = new Linear(3, 2);
    manualSeed(5);
    expect(new Linear(3, 2).bias!.dataSync()).toEqual(first.bias!.dataSync());
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new Linear(784, 128);
    // @ts-expect-error TypeScript sees it too
    expect(() => layer.forward(zeros([32, 512]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Linear(784, 128): got [32, 512]; expected […, 784]]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => layer.forward(zeros([]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Linear(784, 128): got []; expected […, 784]]`,
    );
    expect(() => new Linear(0, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Linear: got inFeatures 0; expected a whole number of at least 1]`,
    );
    expect(() => new Linear(2, 1.5)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Linear: got outFeatures 1.5; expected a whole number of at least 1]`,
    );
  });

  it("passes NaN on", () => {
    const y = new Linear(2, 2).forward(
      tensor([
        [NaN, 1],
        [0, 1],
      ]),
    );
    expect([...y.dataSync()].map(Number.isNaN)).toEqual([true, true, false, false]);
  });
});
