import { Generator, normal, zeros } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "../index.js";

const generator = new Generator(0);

describe("Conv1d and Conv3d", () => {
  it("name the memory that a padding would need", () => {
    const layer = new Conv2d(1, 1, 3, { padding: 2 ** 22 });
    expect(() =>
      layer
        .forward(zeros([1, 1, 3, 3]))
        .sum()
        .itemSync(),
    ).toThrow("WasmEngine: the program needs 262144.2 GiB of contiguous memory");
  });

  it("agree with Conv2d where there is only one row, or one slice", () => {
    const options = { dtype: "float64", stride: 2, padding: 1, dilation: 2 } as const;
    const one = new Conv1d(4, 6, 3, { ...options, groups: 2 });
    const rows = { stride: [1, 2], padding: [0, 1], dilation: [1, 2] } as const;
    const two = new Conv2d(4, 6, [1, 3], { ...rows, dtype: "float64", groups: 2 });
    const slices = { stride: [1, 1, 2], padding: [0, 0, 1], dilation: [1, 1, 2] } as const;
    const three = new Conv3d(4, 6, [1, 1, 3], { ...slices, dtype: "float64", groups: 2 });
    two.weight.assign(one.weight.unsqueeze(2));
    three.weight.assign(two.weight.unsqueeze(2));
    for (const layer of [two, three]) layer.bias!.assign(one.bias!.detach());
    const x = normal([3, 4, 11], { generator, dtype: "float64" });
    const y = one.forward(x).dataSync();
    expect(two.forward(x.unsqueeze(2)).dataSync()).toEqual(y);
    expect(three.forward(x.reshape([3, 4, 1, 1, 11])).dataSync()).toEqual(y);
  });

  it("report their name, the input and the expected shape", () => {
    const one = new Conv1d(3, 8, 5, { padding: 1, generator });
    expect(() => one.forward(zeros([2, 4, 9]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv1d(3, 8, 5, { padding: 1 }): got [2, 4, 9]; expected [N, 3, L] or [3, L]]`,
    );
    expect(() => one.forward(zeros([2, 3, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv1d(3, 8, 5, { padding: 1 }): got [2, 3, 2]; expected a length of at least 3]`,
    );
    const three = new Conv3d(1, 2, [3, 1, 2], { generator });
    expect(() => three.forward(zeros([1, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv3d(1, 2, [3, 1, 2]): got [1, 4, 4]; expected [N, 1, D, H, W] or [1, D, H, W]]`,
    );
    expect(() => three.forward(zeros([1, 2, 1, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv3d(1, 2, [3, 1, 2]): got [1, 2, 1, 2]; expected a volume of at least 3 × 1 × 2]`,
    );
  });

  it("check their options", () => {
    expect(() => new Conv1d(3, 8, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv1d: got kernelSize 0; expected a whole number of at least 1]`,
    );
    // What only JavaScript can pass: TypeScript refuses a list.
    expect(() => new Conv1d(3, 8, [3, 3] as unknown as number)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv1d: got kernelSize [3, 3]; expected a whole number of at least 1]`,
    );
    expect(() => new Conv1d(3, 8, 3, { padding: "same", stride: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv1d: got padding "same" with stride [2]; expected stride 1. A longer stride cannot keep the size; give the padding as a number]`,
    );
    expect(() => new Conv3d(3, 8, [3, 3, 0])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv3d: got kernelSize [3, 3, 0]; expected three whole numbers of at least 1]`,
    );
    expect(() => new Conv3d(3, 9, 3, { groups: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv3d: got 3 input and 9 output channels in 2 groups; expected groups of equal size]`,
    );
  });
});

describe("ConvTranspose1d, ConvTranspose2d and ConvTranspose3d", () => {
  it("are the transposes of convolutions: ⟨conv(x), u⟩ = ⟨x, convTranspose(u)⟩", () => {
    const laid = fc.record({
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      padding: fc.integer({ min: 0, max: 2 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      groups: fc.integer({ min: 1, max: 2 }),
      length: fc.integer({ min: 5, max: 8 }),
    });
    fc.assert(
      fc.property(laid, ({ kernel, stride, padding, dilation, groups, length }) => {
        const shared = {
          stride,
          padding,
          dilation,
          groups,
          bias: false,
          dtype: "float64",
          generator,
        } as const;
        const conv = new Conv2d(2, 4, kernel, shared);
        const x = normal([2, 2, length, length], { generator, dtype: "float64" });
        const y = conv.forward(x);
        const outputPadding = (length + 2 * padding - dilation * (kernel - 1) - 1) % stride;
        const transposed = new ConvTranspose2d(4, 2, kernel, { ...shared, outputPadding });
        transposed.weight.assign(conv.weight);
        const u = normal(y.shape, { generator, dtype: "float64" });
        const back = transposed.forward(u);
        expect(back.shape).toEqual(x.shape);
        expect(back.mul(x).sum().itemSync()).toBeCloseTo(y.mul(u).sum().itemSync(), 10);
      }),
      { numRuns: sized({ short: 5, long: 20 }), seed: 1 },
    );
  });

  it("count the channels of one group of outputs for their first weights, as PyTorch does", () => {
    const layer = new ConvTranspose2d(60, 8, 5, { groups: 4, generator: new Generator(1) });
    const bound = 1 / Math.sqrt((8 / 4) * 25);
    expect(layer.weight.shape).toEqual([60, 2, 5, 5]);
    const weights = [...layer.weight.dataSync()].map(Math.abs);
    expect(Math.max(...weights)).toBeLessThanOrEqual(bound);
    expect(Math.max(...weights)).toBeGreaterThan(0.99 * bound);
    expect(layer.bias!.shape).toEqual([8]);
  });

  it("report their name, the input and the expected shape", () => {
    const one = new ConvTranspose1d(3, 8, 2, { padding: 3, generator });
    expect(() => one.forward(zeros([2, 4, 9]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvTranspose1d(3, 8, 2, { padding: 3 }): got [2, 4, 9]; expected [N, 3, L] or [3, L]]`,
    );
    expect(() => one.forward(zeros([2, 3, 5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvTranspose1d(3, 8, 2, { padding: 3 }): got [2, 3, 5]; expected a length of at least 6]`,
    );
    expect(one.forward(zeros([2, 3, 6])).shape).toEqual([2, 8, 1]);
    const two = new ConvTranspose2d(3, 8, 2, { stride: 2, generator });
    expect(() => two.forward(zeros([3, 9]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvTranspose2d(3, 8, 2, { stride: 2 }): got [3, 9]; expected [N, 3, H, W] or [3, H, W]]`,
    );
    expect(() => two.forward(zeros([1, 3, 0, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvTranspose2d(3, 8, 2, { stride: 2 }): got [1, 3, 0, 2]; expected an image of at least 1 × 1]`,
    );
    const three = new ConvTranspose3d(3, 8, 2, { padding: [1, 0, 0], generator });
    expect(() => three.forward(zeros([2, 3, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvTranspose3d(3, 8, 2, { padding: [1, 0, 0] }): got [2, 3, 4, 4]; expected [N, 3, D, H, W] or [3, D, H, W]]`,
    );
    expect(() => three.forward(zeros([2, 3, 1, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvTranspose3d(3, 8, 2, { padding: [1, 0, 0] }): got [2, 3, 1, 2, 2]; expected a volume of at least 2 × 1 × 1]`,
    );
  });

  it("check their options", () => {
    expect(
      () => new ConvTranspose2d(3, 8, 2, { stride: 2, outputPadding: [1, 2] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ConvTranspose2d: got outputPadding [1, 2] with stride [2, 2] and dilation [1, 1]; expected less than the stride or the dilation]`,
    );
    expect(() => new ConvTranspose1d(3, 8, 2, { padding: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ConvTranspose1d: got padding -1; expected a whole number of at least 0]`,
    );
    expect(() => new ConvTranspose1d(3, 8, 2, { groups: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ConvTranspose1d: got 3 input and 8 output channels in 2 groups; expected groups of equal size]`,
    );
  });
});
