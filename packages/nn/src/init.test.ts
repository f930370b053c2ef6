import { Generator, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Conv2d, init, Linear } from "./index.js";

const float64 = (seed: number) => ({ generator: new Generator(seed), dtype: "float64" }) as const;

/** Mean, standard deviation, and the largest magnitude. */
function statistics(x: Tensor): { mean: number; std: number; largest: number } {
  const values = [...x.dataSync()];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, std: Math.sqrt(variance), largest };
}

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

describe("init's distributions", () => {
  // A weight of 40 000 elements: means are right to 5 · std / 200, standard deviations to 2 %.
  const shape = [100, 40, 2, 5];
  const [fanIn, fanOut] = [400, 1000];
  const cases: [name: string, weight: Tensor, std: number, bounded: boolean][] = [
    ["uniform", init.uniform(shape, { low: -3, high: 3, ...float64(1) }), Math.sqrt(3), true],
    ["normal", init.normal(shape, { std: 0.3, ...float64(2) }), 0.3, false],
    ["xavierUniform", init.xavierUniform(shape, float64(3)), Math.sqrt(2 / 1400), true],
    [
      "xavierNormal",
      init.xavierNormal(shape, { gain: 5 / 3, ...float64(4) }),
      (5 / 3) * Math.sqrt(2 / 1400),
      false,
    ],
    ["kaimingUniform", init.kaimingUniform(shape, float64(5)), Math.sqrt(2 / fanIn), true],
    [
      "kaimingUniform for a leaky ReLU, outwards",
      init.kaimingUniform(shape, { negativeSlope: 0.5, mode: "fanOut", ...float64(6) }),
      Math.sqrt(2 / 1.25 / fanOut),
      true,
    ],
    [
      "kaimingNormal for tanh",
      init.kaimingNormal(shape, { nonlinearity: "tanh", ...float64(7) }),
      5 / 3 / Math.sqrt(fanIn),
      false,
    ],
    // The standard deviation of a normal distribution cut at ±2: √(1 − 4φ(2) / (2Φ(2) − 1)).
    [
      "truncNormal",
      init.truncNormal(shape, { std: 0.5, low: -1, high: 1, ...float64(8) }),
      0.5 * 0.87963,
      false,
    ],
  ];

  it.each(cases)("%s has its mean and its standard deviation", (_, weight, std, bounded) => {
    const seen = statistics(weight);
    expect(weight.shape).toEqual(shape);
    expect(Math.abs(seen.mean)).toBeLessThan((5 * std) / 200);
    expect(seen.std / std).toBeCloseTo(1, 1.7);
    // A uniform distribution ends at √3 standard deviations, and a normal one far beyond.
    if (bounded) expect(seen.largest / std).toBeCloseTo(Math.sqrt(3), 2);
    else expect(seen.largest / std).toBeGreaterThan(2.2);
  });

  it("depend on the generator, and are float32 by default", () => {
    const draws = [
      init.kaimingNormal,
      init.truncNormal,
      init.orthogonal,
      init.xavierUniform,
      init.xavierNormal,
    ];
    for (const draw of draws) {
      const [first, again, other] = [1, 1, 2].map((seed) => draw([6, 5], { generator: new Generator(seed) }));
      expect(first.dtype).toBe("float32");
      expect(again.dataSync()).toEqual(first.dataSync());
      expect(other.dataSync()).not.toEqual(first.dataSync());
    }
  });
});

describe("truncNormal", () => {
  it("covers exactly its bounds, which are not multiples of std", () => {
    const values = [
      ...init.truncNormal([20000], { mean: 1, std: 4, low: -1, high: 2, ...float64(1) }).dataSync(),
    ];
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values)).toBeLessThanOrEqual(2);
    expect(Math.min(...values)).toBeLessThan(-0.99);
    expect(Math.max(...values)).toBeGreaterThan(1.99);
  });

  it("draws the tail of a distribution correctly", () => {
    const seen = statistics(init.truncNormal([20000], { low: 2, high: 10, ...float64(2) }));
    // E[x | x > 2] = φ(2) / (1 − Φ(2))
    expect(seen.mean).toBeCloseTo(2.3732, 1.8);
  });

  it("checks its options", () => {
    expect(() => init.truncNormal([2], { std: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: truncNormal: got std 0; expected a finite number above 0]`,
    );
    expect(() => init.truncNormal([2], { low: 3, high: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: truncNormal: got low 3 and high 1 for the mean 0; expected low < high, and the mean at most 5 std outside]`,
    );
    expect(() => init.truncNormal([2], { mean: 8 })).toThrow("at most 5 std outside");
  });
});

describe("orthogonal", () => {
  it.each([[[5, 5]], [[3, 7]], [[7, 3]], [[4, 2, 3, 1]], [[1, 6]], [[60, 40]]])(
    "has perpendicular rows or columns of length gain, for %j",
    (shape) => {
      const weight = init.orthogonal(shape, { gain: 2, ...float64(3) });
      expect(weight.shape).toEqual(shape);
      const matrix = weight.reshape([shape[0], -1]);
      const [rows, columns] = matrix.shape;
      const products =
        rows <= columns ? matrix.matmul(matrix.transpose()) : matrix.transpose().matmul(matrix);
      const expected = init.eye(products.shape, { dtype: "float64" }).mul(4);
      expect(products.sub(expected).abs().max().itemSync()).toBeLessThan(1e-13);
    },
  );

  it("has no preferred direction: every entry has mean 0, and the mean square 1/n", () => {
    const generator = new Generator(4);
    const draws = Array.from({ length: 400 }, () => init.orthogonal([2, 2], { generator }).dataSync());
    for (let i = 0; i < 4; i++) {
      const mean = draws.reduce((sum, values) => sum + values[i], 0) / 400;
      const square = draws.reduce((sum, values) => sum + values[i] ** 2, 0) / 400;
      expect(Math.abs(mean)).toBeLessThan((5 * Math.SQRT1_2) / 20);
      expect(Math.abs(square - 0.5)).toBeLessThan((5 * Math.sqrt(1 / 8)) / 20);
    }
  });
});

describe("constant initializers", () => {
  it("is ones, zeros, a constant or the identity", () => {
    expect(init.ones([2]).toArraySync()).toEqual([1, 1]);
    expect(init.zeros([2]).toArraySync()).toEqual([0, 0]);
    expect(init.constant([2], 0.5).toArraySync()).toEqual([0.5, 0.5]);
    expect(init.eye([2, 3]).toArraySync()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(() => init.eye([2, 3, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: eye: got the shape [2, 3, 1]; expected a matrix, [out, in]]`,
    );
  });
});

describe("sparse", () => {
  it("has the same number of zeros in each column, in different rows", () => {
    const weight = init.sparse([10, 40], { sparsity: 0.25, ...float64(1) });
    const zeros = weight.equal(0);
    expect(zeros.sum({ axis: 0 }).toArraySync()).toEqual(new Array(40).fill(3));
    expect(new Set(zeros.sum({ axis: 1 }).toArraySync() as number[]).size).toBeGreaterThan(1);
    const again = init.sparse([10, 40], { sparsity: 0.25, ...float64(1) });
    expect(again.dataSync()).toEqual(weight.dataSync());
    expect(init.sparse([2, 2], { sparsity: 1 }).dataSync()).toEqual(new Float32Array(4));
  });

  it("checks its shape and its sparsity", () => {
    expect(() => init.sparse([2, 3, 1], { sparsity: 0.1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sparse: got the shape [2, 3, 1]; expected a matrix, [out, in]]`,
    );
    expect(() => init.sparse([2, 3], { sparsity: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: sparse: got sparsity 1.5; expected a number from 0 to 1]`,
    );
  });
});

describe("dirac", () => {
  it("begins a convolution as the identity", () => {
    const layer = new Conv2d(4, 4, 3, { padding: "same", groups: 2, bias: false });
    layer.weight.assign(init.dirac(layer.weight.shape, { groups: 2 }));
    const x = init.normal([1, 4, 3, 2]);
    expect(layer.forward(x).dataSync()).toEqual(x.dataSync());
  });

  it("checks its shape and its groups", () => {
    expect(() => init.dirac([3, 3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: dirac: got the shape [3, 3]; expected a convolution's weight, [out, in / groups, …kernel]]`,
    );
    expect(() => init.dirac([4, 2, 3], { groups: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: dirac: got 4 output channels in 3 groups; expected groups of equal size]`,
    );
  });
});

describe("calculateGain", () => {
  // torch.nn.init.calculate_gain
  it.each([
    ["linear", {}, 1],
    ["sigmoid", {}, 1],
    ["tanh", {}, 1.6666666666666667],
    ["relu", {}, 1.4142135623730951],
    ["leakyRelu", {}, 1.4141428569978354],
    ["leakyRelu", { negativeSlope: 0.2 }, 1.3867504905630728],
    ["selu", {}, 0.75],
  ] as const)("of %s %j is PyTorch's", (nonlinearity, options, gain) => {
    expect(init.calculateGain(nonlinearity, options)).toBeCloseTo(gain, 15);
  });

  it("lists the valid names", () => {
    expect(() => init.calculateGain("gelu" as "relu")).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: calculateGain: got the nonlinearity gelu; expected "linear", "sigmoid", "tanh", "relu", "leakyRelu" or "selu"]`,
    );
  });
});

describe("fanOut", () => {
  it("counts the outputs of an input", () => {
    expect(init.fanOut([10, 784])).toBe(10);
    expect(init.fanOut([8, 2, 5, 3])).toBe(120);
    expect(() => init.fanOut([3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fanOut: got the shape [3]; expected a weight, [out, in, …]]`,
    );
  });
});

describe("what is no shape", () => {
  const layer = new Linear(2, 2);
  const functions = { ...init } as unknown as Record<string, (shape: unknown, options?: object) => unknown>;
  const names = [
    "fanIn",
    "fanOut",
    "xavierUniform",
    "xavierNormal",
    "kaimingUniform",
    "kaimingNormal",
    "orthogonal",
  ];

  it.each([...names, "eye", "dirac", "sparse", "uniform", "zeros"])("is refused by %s", (name) => {
    const options = name === "sparse" ? { sparsity: 0.5 } : undefined;
    const call = (given: unknown) => () => functions[name](given, options);
    expect(call(layer.weight)).toThrow(`${name}: got a tensor; expected`);
    expect(call(layer)).toThrow(`${name}: got a Linear; expected`);
  });

  it("has a hint", () => {
    expect(() => functions.xavierUniform(layer.weight)).toThrow(
      "xavierUniform: got a tensor; expected a shape, such as [2, 3]. Pass x.shape",
    );
  });
});
