import { Generator } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { init } from "./index.js";

describe("init", () => {
  it("counts the inputs of an output", () => {
    expect(init.fanIn([10, 784])).toBe(784);
    expect(init.fanIn([8, 2, 5, 3])).toBe(30);
    expect(() => init.fanIn([3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fanIn: got the shape [3]; expected a weight, [out, in, …]]`,
    );
  });

  it.each([0, 0.2, Math.sqrt(5)])(
    "stays in ±√(6 / ((1 + a²) · fanIn)) and fills it, a = %d",
    (negativeSlope) => {
      const bound = Math.sqrt(6 / ((1 + negativeSlope ** 2) * 50));
      const weight = init.kaimingUniform([40, 50], { negativeSlope, generator: new Generator(1) });
      const magnitudes = [...weight.dataSync()].map(Math.abs);
      expect(Math.max(...magnitudes)).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(Math.max(...magnitudes)).toBeGreaterThan(0.99 * bound);
    },
  );

  it("begins Linear and Conv2d as PyTorch's kaiming_uniform_(a=√5) does", () => {
    const [a, b] = [new Generator(2), new Generator(2)];
    const weight = init.kaimingUniform([4, 6], {
      negativeSlope: Math.sqrt(5),
      generator: a,
      dtype: "float64",
    });
    const same = init.fanInUniform([4, 6], 6, { generator: b, dtype: "float64" });
    for (const [i, value] of weight.dataSync().entries()) expect(value).toBeCloseTo(same.dataSync()[i], 14);
  });
});
