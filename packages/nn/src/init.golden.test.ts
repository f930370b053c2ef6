import { defaultGenerator, Generator, manualSeed, type Tensor } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { readGolden } from "../scripts/golden-cases.js";
import * as nn from "./index.js";

// How the weights are distributed that golden/init.py had PyTorch draw. Both sides are samples: the bounds are wider than
// five standard errors of the smallest of them, and far narrower than what another formula would be off by.

interface Distribution {
  readonly shape: readonly number[];
  /** The share of elements that are exactly 0. */
  readonly zeros: number;
  readonly mean: number;
  readonly std: number;
  readonly quantiles: readonly number[];
}

/** How an initializer is called, after the shape. */
interface Call {
  readonly init: string;
  readonly arguments?: readonly number[];
  readonly options: object;
}

interface File {
  /** Which quantiles there are; the first is the minimum and the last the maximum. */
  readonly shares: readonly number[];
  readonly initializers: readonly (Call & { distribution: Distribution })[];
  readonly exactly: readonly (Call & { shape: readonly number[]; data: readonly number[] })[];
  /** What returns a number instead of weights. */
  readonly numbers: readonly { init: string; arguments: readonly unknown[]; value: number }[];
  readonly layers: readonly {
    layer: string;
    arguments: readonly unknown[];
    options: object;
    parameters: Readonly<Record<string, Distribution>>;
  }[];
}

const file = readGolden("init.json") as File;

type Initializer = (shape: readonly number[], ...rest: readonly unknown[]) => Tensor;
// Each initializer has different options; the golden file contains matching ones.
const initializers = nn.init as unknown as Readonly<Record<string, Initializer>>;

function expectDistribution(x: Tensor, expected: Distribution): void {
  expect(x.shape).toEqual(expected.shape);
  const values = [...Float64Array.from(x.dataSync()).sort()];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  if (expected.std === 0) {
    expect(new Set(values)).toEqual(new Set([expected.mean]));
    return;
  }
  // A bias has few elements.
  const error = 8 / Math.sqrt(values.length);
  expect(Math.abs(mean - expected.mean) / expected.std).toBeLessThan(error);
  expect(Math.abs(std / expected.std - 1)).toBeLessThan(error);
  expect(values.filter((value) => value === 0).length / values.length).toBeCloseTo(expected.zeros, 3);
  const [least, most] = [expected.quantiles[0], expected.quantiles[file.shares.length - 1]];
  const isBounded = least > expected.mean - 2.5 * expected.std;
  const isUniform = Math.abs((most - least) / expected.std - Math.sqrt(12)) < 0.2;
  for (const [i, share] of file.shares.entries()) {
    const isEnd = share === 0 || share === 1;
    // Where the ends of a normal distribution lie is different from sample to sample; those of a uniform one are filled.
    if (isEnd && !isBounded) continue;
    const tolerance =
      isEnd && isUniform ? Math.min(error, 35 / values.length) : isBounded ? error : 3 * error;
    const value = values[Math.round(share * (values.length - 1))];
    expect(Math.abs(value - expected.quantiles[i]) / expected.std, `quantile ${share}`).toBeLessThan(
      tolerance,
    );
  }
}

describe("PyTorch's initializers", () => {
  it.each(file.initializers)(
    "$init $options draws from the same distribution",
    ({ init, arguments: given = [], options, distribution }) => {
      const generator = new Generator(1);
      const weight = initializers[init](distribution.shape, ...given, { ...options, generator });
      expectDistribution(weight, distribution);
    },
  );

  it.each(file.exactly)(
    "$init $options of $shape gives the same weights",
    ({ init, arguments: given = [], options, shape, data }) => {
      const weight = initializers[init](shape, ...given, options);
      expect(weight.shape).toEqual(shape);
      expect([...weight.dataSync()]).toEqual(data);
    },
  );
});

describe("PyTorch's numbers for initializers", () => {
  it.each(file.numbers)("$init of $arguments is $value", ({ init, arguments: given, value }) => {
    const compute = nn.init[init as "fanIn"] as unknown as (...values: readonly unknown[]) => number;
    expect(compute(...given)).toBeCloseTo(value, 12);
  });
});

describe("the initial weights of PyTorch's layers:", () => {
  it.each(sampled(file.layers, 3))(
    "$layer $arguments $options",
    ({ layer, arguments: values, options, parameters }) => {
      // The file names a layer and has the arguments for it, which TypeScript cannot see.
      const Layer = nn[layer as keyof typeof nn] as unknown as new (...values: unknown[]) => nn.Module;
      const generator = defaultGenerator().state();
      manualSeed(2);
      const state = new Layer(...values, options).stateDict();
      defaultGenerator().restore(generator);
      expect([...state.keys()]).toEqual(Object.keys(parameters));
      for (const [name, expected] of Object.entries(parameters))
        expectDistribution(state.get(name)!, expected);
    },
  );
});
