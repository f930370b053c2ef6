import { backward, Buffer, checkGradient, Parameter } from "@stargrad/autograd";
import { Generator, normal, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { BatchNorm1d, BatchNorm2d, InstanceNorm2d, Linear, Sequential } from "../index.js";

const draw = (shape: number[]) => normal(shape, { generator: new Generator(1), dtype: "float64" });

describe("BatchNorm1d", () => {
  it("names its state as PyTorch does", () => {
    const model = new Sequential(new Linear(2, 3), new BatchNorm1d(3));
    expect([...model.stateDict().keys()].slice(2)).toEqual([
      "1.weight",
      "1.bias",
      "1.running_mean",
      "1.running_var",
      "1.num_batches_tracked",
    ]);
    expect([...new BatchNorm1d(3, { affine: false }).namedParameters()]).toEqual([]);
    expect([...new BatchNorm1d(3, { trackRunningStats: false }).namedBuffers()]).toEqual([]);
  });

  it("normalizes by the biased variance and keeps the unbiased one", () => {
    const layer = new BatchNorm1d(1, { momentum: 1, epsilon: 0 });
    expect(layer.forward(tensor([[1], [3]])).toArraySync()).toEqual([[-1], [1]]);
    expect(layer.runningMean!.toArraySync()).toEqual([2]);
    expect(layer.runningVar!.toArraySync()).toEqual([2]);
    expect(layer.numBatchesTracked!.itemSync()).toBe(1);
  });

  it("averages over all batches without a momentum", () => {
    const layer = new BatchNorm1d(2, { momentum: null, dtype: "float64" });
    const batches = [draw([4, 2]), draw([4, 2]).add(3), draw([4, 2]).mul(2)];
    for (const batch of batches) layer.forward(batch);
    const means = batches.map((batch) => batch.mean({ axis: 0 }).dataSync());
    for (const [channel, mean] of layer.runningMean!.dataSync().entries()) {
      expect(mean).toBeCloseTo(means.reduce((sum, each) => sum + each[channel], 0) / 3, 12);
    }
  });

  it("changes nothing in evaluation mode, or when it throws", () => {
    const layer = new BatchNorm1d(2);
    layer.forward(normal([4, 2], { generator: new Generator(2) }));
    const state = () => [...layer.stateDict().values()].map((value) => value.dataSync());
    const before = state();
    layer.eval().forward(ones([5, 2]));
    layer.train();
    expect(() => layer.forward(ones([1, 2]))).toThrow();
    expect(layer.forward(zeros([0, 2])).shape).toEqual([0, 2]);
    expect(state()).toEqual(before);
  });

  it("keeps its statistics in its own type for inputs of any type", () => {
    const layer = new BatchNorm1d(2, { momentum: null });
    expect(layer.forward(draw([4, 2])).dtype).toBe("float64");
    expect(layer.runningMean!.dtype).toBe("float32");
    expect(layer.runningMean!.dataSync()).not.toEqual(Float32Array.of(0, 0));
  });

  it("gives every gradient, also after further batches have moved its statistics", () => {
    const layer = new BatchNorm1d(2);
    const x = new Parameter(normal([4, 2], { generator: new Generator(3) }));
    const y = layer.forward(x);
    for (let batch = 0; batch < 3; batch++) layer.forward(ones([4, 2]));
    backward(y.square().sum());
    expect(x.grad?.shape).toEqual([4, 2]);
    expect(layer.weight?.grad?.shape).toEqual([2]);
    for (const [, buffer] of layer.namedBuffers()) {
      expect(buffer).toBeInstanceOf(Buffer);
      expect(buffer.node.tracked).toBe(false);
    }
  });

  it("has correct gradients of first and second order, through the batch's statistics", () => {
    for (const order of [1, 2] as const) {
      const layer = new BatchNorm1d(2, { epsilon: 0.1, dtype: "float64" });
      const report = checkGradient(
        (x) =>
          layer
            .forward(x)
            .square()
            .mul(draw([3, 2]))
            .sum(),
        [draw([3, 2])],
        {
          order,
        },
      );
      expect(report.checked).toBe(6);
    }
  });

  it("is not affected by NaN in other channels, and returns the bias for a constant channel", () => {
    const y = new BatchNorm1d(2).forward(
      tensor([
        [NaN, 7],
        [0, 7],
      ]),
    );
    expect(y.toArraySync()).toEqual([
      [NaN, 0],
      [NaN, 0],
    ]);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new BatchNorm1d(3, { momentum: 0.2 });
    expect(() => layer.forward(zeros([4, 5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: BatchNorm1d(3, { momentum: 0.2 }): got [4, 5]; expected [N, 3] or [N, 3, L]]`,
    );
    expect(() => layer.forward(zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: BatchNorm1d(3, { momentum: 0.2 }): got [3]; expected [N, 3] or [N, 3, L]]`,
    );
    expect(() => layer.forward(zeros([1, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: BatchNorm1d(3, { momentum: 0.2 }): got [1, 3], one value for each channel; expected several, because one value has no variance. Use more items or larger ones, or eval() and its running statistics]`,
    );
    expect(() => layer.forward(zeros([2, 3], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: BatchNorm1d(3, { momentum: 0.2 }): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => new BatchNorm2d(3).forward(zeros([2, 3, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: BatchNorm2d(3): got [2, 3, 4]; expected [N, 3, H, W]]`,
    );
    expect(() => new BatchNorm2d(3).forward(zeros([1, 3, 1, 1]))).toThrow("one value for each channel");
  });

  it("checks its options", () => {
    expect(() => new BatchNorm1d(0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: BatchNorm1d: got numFeatures 0; expected a whole number of at least 1]`,
    );
    expect(() => new BatchNorm1d(3, { momentum: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: BatchNorm1d: got momentum 1.5; expected a number from 0 to 1, or null]`,
    );
    expect(() => new BatchNorm2d(3, { epsilon: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: BatchNorm2d: got epsilon -1; expected a finite number of at least 0]`,
    );
  });
});

describe("InstanceNorm2d", () => {
  it("normalizes every image separately", () => {
    const layer = new InstanceNorm2d(2);
    const images = normal([3, 2, 4, 4], { generator: new Generator(4) });
    const together = layer.forward(images).select(0, 1);
    expect(layer.forward(images.select(0, 1)).dataSync()).toEqual(together.dataSync());
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new InstanceNorm2d(3, { affine: true });
    expect(() => layer.forward(zeros([2, 4, 5, 5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: InstanceNorm2d(3, { affine: true }): got [2, 4, 5, 5]; expected [N, 3, H, W] or [3, H, W]]`,
    );
    expect(() => layer.forward(zeros([2, 3, 1, 1]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: InstanceNorm2d(3, { affine: true }): got [2, 3, 1, 1], one value for each channel of an image; expected several, because one value has no variance. Use more items or larger ones, or eval() and its running statistics]`,
    );
    // What only JavaScript can pass: null means something to BatchNorm, and nothing here.
    expect(() => new InstanceNorm2d(2, { momentum: null as unknown as number })).toThrow("got momentum null");
    expect(() => new InstanceNorm2d(2, { momentum: -0.1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: InstanceNorm2d: got momentum -0.1; expected a number from 0 to 1]`,
    );
  });
});
