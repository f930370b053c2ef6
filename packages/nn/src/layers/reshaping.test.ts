import { arange, Generator, normal, tensor, zeros } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Flatten, PixelShuffle, Unflatten, Upsample, type UpsampleOptions } from "../index.js";

describe("Unflatten", () => {
  it("undoes Flatten, also on nothing", () => {
    for (const shape of [
      [2, 3, 4],
      [0, 3, 4],
    ]) {
      const x = zeros(shape);
      expect(new Unflatten(1, [3, 4]).forward(new Flatten().forward(x)).shape).toEqual(shape);
    }
    expect(new Unflatten(-1, [-1, 2]).forward(zeros([3, 0])).shape).toEqual([3, 0, 2]);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new Unflatten(1, [2, -1]);
    expect(() => layer.forward(zeros([4, 7]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Unflatten(1, [2, -1]): got [4, 7], whose axis 1 has length 7; expected sizes whose product is 7]`,
    );
    expect(() => layer.forward(zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Unflatten(1, [2, -1]): got [4]; expected at least 2 axes]`,
    );
    expect(() => new Unflatten(0, [0, -1]).forward(zeros([0]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Unflatten(0, [0, -1]): got [0], whose axis 0 has length 0; expected sizes whose product is 0]`,
    );
    expect(() => new Unflatten(1, [-1, -1])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Unflatten: got the sizes [-1, -1]; expected whole numbers, of which one may be -1]`,
    );
  });
});

describe("PixelShuffle", () => {
  it("places the channels of a pixel side by side", () => {
    const x = arange(8).reshape([4, 1, 2]);
    expect(new PixelShuffle(2).forward(x).toArraySync()).toEqual([
      [
        [0, 2, 1, 3],
        [4, 6, 5, 7],
      ],
    ]);
    expect(new PixelShuffle(2).forward(zeros([0, 4, 2, 2])).shape).toEqual([0, 1, 4, 4]);
  });

  it("reports its name, the input and the expected shape", () => {
    expect(() => new PixelShuffle(2).forward(zeros([1, 6, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: PixelShuffle(2): got [1, 6, 2, 2]; expected […, C, H, W] with C a multiple of 4]`,
    );
    expect(() => new PixelShuffle(2).forward(zeros([4, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: PixelShuffle(2): got [4, 2]; expected […, C, H, W] with C a multiple of 4]`,
    );
    expect(() => new PixelShuffle(0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: PixelShuffle: got upscaleFactor 0; expected a whole number of at least 1]`,
    );
  });
});

describe("Upsample", () => {
  it("repeats every pixel for a whole factor, at any size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 }), (length, factor) => {
        const x = arange(length).cast("float32");
        const image = x.reshape([1, 1, 1, length]);
        const expected = [...x.dataSync()].flatMap((value) => new Array<number>(factor).fill(value));
        for (const how of [{ scaleFactor: [1, factor] }, { size: [1, factor * length] }] as const) {
          expect([...new Upsample(how).forward(image).dataSync()]).toEqual(expected);
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("keeps a straight line straight, and the corners for alignCorners", () => {
    const x = tensor([[[[0, 3, 6]]]], { dtype: "float64" });
    const upsample = (options: UpsampleOptions) => [
      ...new Upsample({ ...options, mode: "bilinear" }).forward(x).dataSync(),
    ];
    expect(upsample({ size: [1, 5], alignCorners: true })).toEqual([0, 1.5, 3, 4.5, 6]);
    expect(upsample({ scaleFactor: [1, 2] })).toEqual([0, 0.75, 2.25, 3.75, 5.25, 6]);
  });

  it("changes nothing at the same size", () => {
    const x = normal([1, 2, 3, 4], { generator: new Generator(1) });
    for (const mode of ["nearest", "bilinear"] as const) {
      expect(new Upsample({ scaleFactor: 1, mode }).forward(x).dataSync()).toEqual(x.dataSync());
    }
    expect(new Upsample({ scaleFactor: 2 }).forward(zeros([0, 2, 3, 4])).shape).toEqual([0, 2, 6, 8]);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new Upsample({ scaleFactor: 0.25, mode: "bilinear" });
    expect(() => layer.forward(zeros([3, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Upsample({ scaleFactor: 0.25, mode: "bilinear" }): got [3, 4, 4]; expected [N, C, H, W]]`,
    );
    expect(() => layer.forward(zeros([1, 3, 4, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Upsample({ scaleFactor: 0.25, mode: "bilinear" }): got [1, 3, 4, 3]; expected an image large enough for at least one output pixel]`,
    );
    expect(() => layer.forward(zeros([1, 3, 4, 4], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: Upsample({ scaleFactor: 0.25, mode: "bilinear" }): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });

  it("checks its options", () => {
    expect(() => new Upsample({})).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Upsample: got neither size nor scaleFactor; expected one of them]`,
    );
    expect(() => new Upsample({ size: 4, scaleFactor: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Upsample: got both size and scaleFactor; expected one of them]`,
    );
    expect(() => new Upsample({ size: [4, 0] })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Upsample: got size [4, 0]; expected two whole numbers of at least 1]`,
    );
    expect(() => new Upsample({ scaleFactor: [2, -1] })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Upsample: got scaleFactor [2, -1]; expected one or two numbers above 0]`,
    );
    expect(() => new Upsample({ size: 4, mode: "cubic" as "nearest" })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Upsample: got mode "cubic"; expected "nearest" or "bilinear"]`,
    );
    expect(() => new Upsample({ size: 4, alignCorners: true })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Upsample: got alignCorners for the mode "nearest"; expected "bilinear"]`,
    );
  });
});
