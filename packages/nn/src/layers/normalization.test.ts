import { checkGradient } from "@stargrad/autograd";
import { Generator, normal, tensor, zeros } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm } from "../index.js";

const draw = (shape: number[], seed = 1) =>
  normal(shape, { generator: new Generator(seed), dtype: "float64" });

describe("LayerNorm", () => {
  it("does not depend on a shift or a scale of its input", () => {
    const layer = new LayerNorm(5, { epsilon: 0, dtype: "float64" });
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0.1, max: 50, noNaN: true }), (seed, scale) => {
        const x = draw([3, 5], seed);
        const [y, moved] = [layer.forward(x), layer.forward(x.mul(scale).add(scale))];
        for (const [i, value] of moved.dataSync().entries()) expect(value).toBeCloseTo(y.dataSync()[i], 8);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it("keeps NaN within its item, and returns the bias for a constant item", () => {
    const y = new LayerNorm(2).forward(
      tensor([
        [NaN, 1],
        [3, 3],
      ]),
    );
    expect(y.toArraySync()).toEqual([
      [NaN, NaN],
      [0, 0],
    ]);
  });

  it("has correct gradients of second order", () => {
    const layer = new LayerNorm([2, 3], { dtype: "float64" });
    const f = (x: ReturnType<typeof draw>) =>
      layer
        .forward(x)
        .mul(draw([2, 3], 2))
        .square()
        .sum();
    expect(checkGradient(f, [draw([2, 3])], { order: 2 }).checked).toBe(6);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new LayerNorm([3, 4], { bias: false });
    expect([...layer.stateDict().keys()]).toEqual(["weight"]);
    // @ts-expect-error TypeScript sees it too
    expect(() => layer.forward(zeros([2, 4, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LayerNorm([3, 4], { bias: false }): got [2, 4, 3]; expected […, 3, 4]]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => layer.forward(zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LayerNorm([3, 4], { bias: false }): got [4]; expected […, 3, 4]]`,
    );
    expect(() => layer.forward(zeros([3, 4], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: LayerNorm([3, 4], { bias: false }): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => new LayerNorm([])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LayerNorm: got normalizedShape []; expected at least one axis]`,
    );
    expect(() => new LayerNorm([3, 0])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LayerNorm: got normalizedShape 0; expected a whole number of at least 1]`,
    );
    expect(() => new LayerNorm(3, { epsilon: NaN })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LayerNorm: got epsilon NaN; expected a finite number of at least 0]`,
    );
  });
});

describe("RMSNorm", () => {
  it("keeps zeros at 0 in both element types", () => {
    const layer = new RMSNorm(2, { elementwiseAffine: false });
    for (const dtype of ["float32", "float64"] as const) {
      expect(layer.forward(zeros([2], { dtype })).toArraySync()).toEqual([0, 0]);
      expect(layer.forward(tensor([3, -3], { dtype })).toArraySync()).toEqual([1, -1]);
    }
  });

  it("has correct gradients of second order", () => {
    const layer = new RMSNorm(3, { dtype: "float64" });
    const f = (x: ReturnType<typeof draw>) =>
      layer
        .forward(x)
        .mul(draw([2, 3], 2))
        .square()
        .sum();
    expect(checkGradient(f, [draw([2, 3])], { order: 2 }).checked).toBe(6);
  });

  it("reports its name, the input and the expected shape", () => {
    // @ts-expect-error TypeScript sees it too
    expect(() => new RMSNorm(4).forward(zeros([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: RMSNorm(4): got [2, 3]; expected […, 4]]`,
    );
    expect(() => new RMSNorm(0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RMSNorm: got normalizedShape 0; expected a whole number of at least 1]`,
    );
    expect(() => new RMSNorm(4, { epsilon: -1e-6 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RMSNorm: got epsilon -0.000001; expected a finite number of at least 0]`,
    );
  });
});

describe("GroupNorm", () => {
  it("is instance norm for groups of one channel", () => {
    const x = draw([2, 3, 4, 2]);
    const y = new InstanceNorm2d(3).forward(x).dataSync();
    const groups = new GroupNorm(3, 3, { affine: false }).forward(x).dataSync();
    for (const [i, value] of groups.entries()) expect(value).toBeCloseTo(y[i], 12);
  });

  it("works for empty inputs", () => {
    expect(new GroupNorm(2, 4).forward(zeros([0, 4, 3])).shape).toEqual([0, 4, 3]);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new GroupNorm(2, 4);
    expect(() => layer.forward(zeros([2, 3, 5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: GroupNorm(2, 4): got [2, 3, 5]; expected [N, 4, …]]`,
    );
    expect(() => layer.forward(zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: GroupNorm(2, 4): got [4]; expected [N, 4, …]]`,
    );
    expect(() => new GroupNorm(3, 4)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: GroupNorm: got 4 channels in 3 groups; expected groups of equal size]`,
    );
    expect(() => new GroupNorm(0, 4)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: GroupNorm: got numGroups 0; expected a whole number of at least 1]`,
    );
  });
});
