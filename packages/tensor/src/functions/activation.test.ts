import { describe, expect, it } from "vitest";

import { arange, gelu, relu, silu, softplus, tensor } from "../index.js";

describe("activations", () => {
  it("keep the types they can, and bring integers to float32 where they cannot", () => {
    expect(relu(arange(3).sub(1)).dataSync()).toEqual(Int32Array.of(0, 0, 1));
    for (const activation of [gelu, silu, softplus]) expect(activation(arange(3)).dtype).toBe("float32");
    expect(gelu(tensor([1], { dtype: "float64" })).dtype).toBe("float64");
  });

  it("carry NaN through", () => {
    for (const activation of [relu, gelu, silu, softplus])
      expect(activation(tensor([NaN])).itemSync()).toBe(NaN);
  });
});

describe("softplus", () => {
  it("neither overflows nor loses small numbers", () => {
    const x = tensor([-700, -40, 40, 700], { dtype: "float64" });
    const expected = [Math.exp(-700), Math.exp(-40), 40, 700];
    softplus(x)
      .dataSync()
      .forEach((y, i) => {
        expect(y / expected[i]).toBeCloseTo(1, 14);
      });
  });
});
