import { Generator, normal, ones, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { RotaryEmbedding } from "../index.js";

describe("RotaryEmbedding", () => {
  it("makes a product depend on the distance only", () => {
    const rotary = new RotaryEmbedding(8);
    const [q, k] = [1, 2].map((seed) => normal([1, 8], { generator: new Generator(seed), dtype: "float64" }));
    const product = (i: number, j: number): number =>
      rotary
        .forward(q, { offset: i })
        .mul(rotary.forward(k, { offset: j }))
        .sum()
        .itemSync();
    expect(product(7, 3)).toBeCloseTo(product(1004, 1000), 10);
    expect(product(7, 3)).not.toBeCloseTo(product(7, 4), 3);
  });

  it("continues after an earlier part", () => {
    const rotary = new RotaryEmbedding(4, { pairs: "halves" });
    const x = ones([5, 4]);
    const whole = rotary.forward(x).narrow(0, 3, 2).dataSync();
    expect(rotary.forward(x.narrow(0, 3, 2), { offset: 3 }).dataSync()).toEqual(whole);
  });

  it("keeps lengths, and the type", () => {
    const x = normal([2, 3, 6], { generator: new Generator(3) });
    const y = new RotaryEmbedding(6).forward(x);
    expect(y.dtype).toBe("float32");
    const lengths = x.norm({ axis: -1 }).dataSync();
    for (const [i, length] of y.norm({ axis: -1 }).dataSync().entries()) {
      expect(length).toBeCloseTo(lengths[i], 5);
    }
  });

  it("reports its name, the input and the expected shape", () => {
    const rotary = new RotaryEmbedding(4, { base: 500 });
    expect(() => rotary.forward(zeros([3, 5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: RotaryEmbedding(4, { base: 500 }): got [3, 5]; expected […, L, 4]]`,
    );
    expect(() => rotary.forward(zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: RotaryEmbedding(4, { base: 500 }): got [4]; expected […, L, 4]]`,
    );
    expect(() => rotary.forward(zeros([3, 4]), { offset: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RotaryEmbedding(4, { base: 500 }): got offset 0.5; expected a whole number]`,
    );
    expect(() => new RotaryEmbedding(5)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RotaryEmbedding: got dim 5; expected an even number]`,
    );
    expect(() => new RotaryEmbedding(4, { base: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RotaryEmbedding: got base 0; expected a finite number above 0]`,
    );
    const pairs = "thirds" as "halves";
    expect(() => new RotaryEmbedding(4, { pairs })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RotaryEmbedding: got pairs "thirds"; expected "adjacent" or "halves"]`,
    );
  });
});
