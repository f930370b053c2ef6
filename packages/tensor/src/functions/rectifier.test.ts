import { describe, expect, it } from "vitest";

import { hardtanh, prelu, tensor, zeros } from "../index.js";

describe("rectifiers", () => {
  it("pass NaN on, and have their limits", () => {
    const x = tensor([-Infinity, NaN, Infinity], { dtype: "float64" });
    expect([...x.elu({ alpha: 0.5 }).dataSync()]).toEqual([-0.5, NaN, Infinity]);
    expect([...x.hardtanh({ max: 3 }).dataSync()]).toEqual([-1, NaN, 3]);
    expect([...x.leakyRelu().dataSync()]).toEqual([-Infinity, NaN, Infinity]);
    expect([...x.selu().dataSync()]).toEqual([-1.7580993408473766, NaN, Infinity]);
    expect([...x.prelu(tensor([2])).dataSync()]).toEqual([-Infinity, NaN, Infinity]);
    // PyTorch's too: −∞ · 0.
    expect([...x.mish().dataSync()]).toEqual([NaN, NaN, Infinity]);
  });

  it("throw for arguments that do not fit", () => {
    expect(() => hardtanh(zeros([2]), { min: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: hardtanh: got min 1 and max 1; expected min below max]`,
    );
    expect(() => prelu(zeros([2, 4]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: prelu: got x [2, 4] and the weight [3]; expected a weight of one element, or x [N, C, …] and a weight [C]]`,
    );
    expect(() => prelu(zeros([3]), zeros([3]))).toThrow("prelu: got x [3] and the weight [3]");
    expect(() => prelu(zeros([3, 1]), zeros([1, 1]))).toThrow("the weight [1, 1]");
  });
});
