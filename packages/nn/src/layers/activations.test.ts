import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { Generator, normal, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import {
  ELU,
  Hardtanh,
  LeakyReLU,
  LogSoftmax,
  Mish,
  PReLU,
  SELU,
  SiLU,
  Softmax,
  Softplus,
  type Layer,
} from "../index.js";

const layers: Layer[] = [
  new ELU({ alpha: 0.5 }),
  new Hardtanh(),
  new LeakyReLU(),
  new LogSoftmax(),
  new Mish(),
  new PReLU(),
  new SELU(),
  new SiLU(),
  new Softmax(),
  new Softplus({ beta: 2 }),
];

describe.each(layers)("%s", (layer) => {
  it("passes NaN on", () => {
    expect(layer.forward(tensor([NaN])).itemSync()).toBeNaN();
  });

  it("has correct gradients of first and second order", () => {
    const x = normal([2, 1, 3], { generator: new Generator(5), dtype: "float64" });
    for (const order of [1, 2] as const) {
      const report = checkGradient((x) => layer.forward(x).square().sum(), [x], { order });
      expect(report.checked).toBe(6);
    }
  });
});

describe("activations at infinity", () => {
  it.each<[Layer, number, number]>([
    [new ELU(), -1, Infinity],
    [new Hardtanh(), -1, 1],
    [new LeakyReLU(), -Infinity, Infinity],
    [new SELU(), -1.7580993408473766, Infinity],
    [new Softplus(), 0, Infinity],
  ])("%s has its limits", (layer, low, high) => {
    const y = layer.forward(tensor([-Infinity, Infinity], { dtype: "float64" }));
    expect([...y.dataSync()]).toEqual([low, high]);
  });
});

describe("PReLU", () => {
  it("learns a separate slope for each channel", () => {
    const layer = new PReLU({ numParameters: 2 });
    backward(layer.forward(tensor([[-3, -1]])).sum());
    expect(layer.weight.grad?.toArraySync()).toEqual([-3, -1]);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new PReLU({ numParameters: 3 });
    expect(() => layer.forward(zeros([2, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: PReLU({ numParameters: 3 }): got [2, 4]; expected [N, 3, …]]`,
    );
    expect(() => layer.forward(zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: PReLU({ numParameters: 3 }): got [3]; expected [N, 3, …]]`,
    );
    expect(() => new PReLU({ numParameters: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: PReLU: got numParameters 0; expected a whole number of at least 1]`,
    );
  });
});

describe("Hardtanh", () => {
  it("has no gradient at its bounds, as in PyTorch", () => {
    const x = new Parameter(tensor([-1, 0, 1]));
    backward(new Hardtanh().forward(x).sum());
    expect(x.grad?.toArraySync()).toEqual([0, 1, 0]);
  });
});

describe("what activations check", () => {
  it("is their options", () => {
    expect(() => new Hardtanh({ min: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Hardtanh: got min 2 and max 1; expected min below max]`,
    );
    expect(() => new Softplus({ beta: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Softplus: got beta 0; expected another number, because y is divided by beta]`,
    );
  });

  it("is the axis", () => {
    expect(() => new Softmax({ axis: 2 }).forward(zeros([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Softmax({ axis: 2 }): got [2, 3]; expected at least 3 axes]`,
    );
    expect(() => new LogSoftmax().forward(zeros([]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LogSoftmax(): got []; expected at least 1 axis]`,
    );
  });
});
