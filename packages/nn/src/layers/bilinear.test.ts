import { Generator, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Bilinear } from "../index.js";

describe("Bilinear", () => {
  it("is initially uniform in ±1/√in₁", () => {
    const layer = new Bilinear(16, 5, 20, { generator: new Generator(1) });
    const weights = [...layer.weight.dataSync(), ...layer.bias!.dataSync()].map(Math.abs);
    expect(Math.max(...weights)).toBeLessThanOrEqual(1 / 4);
    expect(Math.max(...weights)).toBeGreaterThan(0.99 / 4);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new Bilinear(3, 4, 2, { bias: false });
    expect(() => layer.forward(zeros([5, 4]), zeros([5, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Bilinear(3, 4, 2, { bias: false }): got [5, 4] and [5, 3]; expected […, 3] and […, 4] with the same leading axes]`,
    );
    expect(() => layer.forward(zeros([5, 3]), zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Bilinear(3, 4, 2, { bias: false }): got [5, 3] and [4]; expected […, 3] and […, 4] with the same leading axes]`,
    );
    expect(() => new Bilinear(3, 0.5, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Bilinear: got in2Features 0.5; expected a whole number of at least 1]`,
    );
  });
});
