import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { finite, listOf, positive } from "@stargrad/tensor/internal";

import { expectDataset, passages, type Dataset } from "../dataset.js";
import { valuesOf } from "../values-of.js";
import { channelsOf, mapChannels } from "./normalize.js";

/** Plain numbers, which JSON holds. */
export interface StandardizerState {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Scales features to the mean 0 and the standard deviation 1 of the data that it was fitted to: see {@link fitStandardizer}. `state()` is saved
 * with a model, and `new Standardizer(state)` does the same again.
 *
 * Throws: ArgumentError unless the state has equally many finite means and standard deviations above 0
 */
export class Standardizer {
  readonly #state: StandardizerState;

  constructor({ mean, std }: StandardizerState) {
    if (!listOf(finite)[1](mean) || !listOf(positive)[1](std) || mean.length !== std.length) {
      throw new ArgumentError(
        "Standardizer",
        "got a state without equally many finite means and standard deviations above 0",
        "Make one with fitStandardizer, or pass what state() has returned",
      );
    }
    this.#state = { mean: [...mean], std: [...std] };
  }

  /** (x − mean) / std of each feature, which axis 1 counts. Shapes: [B, F, ...] -> [B, F, ...] */
  transform(x: Tensor): Tensor {
    const { mean, std } = this.#of(x, "Standardizer.transform");
    return mapChannels(x, (value, i) => (value - mean[i]) / std[i]);
  }

  /** The features that `transform` has scaled: x · std + mean. Shapes: [B, F, ...] -> [B, F, ...] */
  inverse(x: Tensor): Tensor {
    const { mean, std } = this.#of(x, "Standardizer.inverse");
    return mapChannels(x, (value, i) => value * std[i] + mean[i]);
  }

  state(): StandardizerState {
    return { mean: [...this.#state.mean], std: [...this.#state.std] };
  }

  #of(x: Tensor, called: string): StandardizerState {
    const [features, fitted] = [channelsOf(called, x), this.#state.mean.length];
    if (features === fitted) return this.#state;
    throw new ArgumentError(
      called,
      `got ${features} features; expected ${fitted}, as in the data that it was fitted to`,
    );
  }
}

/**
 * Reads all items of a dataset once, and returns a `Standardizer` of their means and standard deviations, for each feature or channel. Fit it to
 * the training part alone, and transform all parts with it: `await fitStandardizer(training, ({ x }) => x)`. A feature that is always the
 * same has the standard deviation 1.
 *
 * Shapes: `select` returns [B, F, ...] for a batch
 * Throws: ArgumentError for no items, or values that are not finite; ShapeError for fewer than two axes
 * Source: sklearn.preprocessing.StandardScaler; Chan, Golub and LeVeque (1979) for the sums of parts
 */
export async function fitStandardizer<Batch>(
  dataset: Dataset<Batch>,
  select: (batch: Awaited<Batch>) => Tensor,
): Promise<Standardizer> {
  expectDataset("fitStandardizer", dataset);
  const sums: Sums[] = [];
  for (const indices of passages(dataset.length)) {
    const x = select(await dataset.batch(indices));
    const features = channelsOf("fitStandardizer", x);
    for (let feature = 0; feature < features; feature++) {
      sums[feature] = joined(sums.at(feature), sumsOf(x, feature));
    }
  }
  const wrong = sums.findIndex(({ mean, squares }) => !Number.isFinite(mean + squares));
  if (sums.length === 0 || wrong >= 0) {
    throw new ArgumentError(
      "fitStandardizer",
      sums.length === 0
        ? "got no items; expected at least one"
        : `got a value that is not finite in feature ${wrong}`,
    );
  }
  return new Standardizer({
    mean: sums.map(({ mean }) => mean),
    std: sums.map(({ count, squares }) => Math.sqrt(squares / count) || 1),
  });
}

/** The number of values, their mean, and the sum of the squares of their distances from it. */
interface Sums {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

function sumsOf(x: Tensor, feature: number): Sums {
  const inner = x.shape.slice(2).reduce((size, axis) => size * axis, 1);
  const values = valuesOf(x).filter((_, i) => Math.floor(i / inner) % x.shape[1] === feature);
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { count: values.length, mean, squares };
}

function joined(one: Sums | undefined, other: Sums): Sums {
  if (one === undefined) return other;
  const count = one.count + other.count;
  const apart = other.mean - one.mean;
  return {
    count,
    mean: one.mean + (apart * other.count) / count,
    squares: one.squares + other.squares + (apart ** 2 * one.count * other.count) / count,
  };
}
