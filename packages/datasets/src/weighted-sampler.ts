import { ArgumentError, Tensor } from "@stargrad/tensor";
import { expectList, expectOptions, flag, wholeFrom } from "@stargrad/tensor/internal";

import { epochGenerator } from "./item-generators.js";
import { classesOf, type Labels } from "./labels.js";
import { drawingSampler, type Sampler } from "./sampler.js";
import { valuesOf } from "./values-of.js";

export interface WeightedSamplerOptions {
  /** How many items an epoch has. Default: as many as there are weights. */
  readonly draws?: number;
  /** Whether an item can be drawn several times in an epoch. Default: true. */
  readonly replacement?: boolean;
  /** The seed of the draws. Default: 0. */
  readonly seed?: number;
}

/**
 * Draws item i with probability wᵢ / Σ w. Without replacement, each draw is made among the items that were not drawn yet, with the same
 * weights. The draws of every epoch differ.
 *
 * Shapes: weights [N], a tensor or a list
 * Defaults: N draws, with replacement, seed 0
 * Throws: ArgumentError for weights that are negative, not finite or all 0, or more draws without replacement than weights above 0
 * Source: torch.utils.data.WeightedRandomSampler; without replacement, the exponential clocks of Efraimidis and Spirakis (2006)
 */
export function weightedSampler(
  weights: Tensor | Iterable<number>,
  options: WeightedSamplerOptions = {},
): Sampler {
  const given = weightsIn(weights);
  expectOptions<WeightedSamplerOptions>("weightedSampler", options, {
    draws: wholeFrom(0),
    replacement: flag,
    seed: wholeFrom(0),
  });
  return samplerOf("weightedSampler", given, options);
}

export interface BalancedSamplerOptions {
  /** How many items an epoch has. Default: as many as there are labels. */
  readonly draws?: number;
  /** The seed of the draws. Default: 0. */
  readonly seed?: number;
}

/**
 * Draws with replacement so that all classes are equally probable, and the items of one class too: a rare class is seen as often as a frequent one.
 * `labels` has the class of each item: `balancedSampler(data.field("y"), { seed: 1 })`.
 *
 * Shapes: labels [N], a tensor or a list of numbers or texts
 * Defaults: N draws, seed 0
 * Throws: ArgumentError for no labels, or labels that are no numbers and no texts
 */
export function balancedSampler(labels: Labels, options: BalancedSamplerOptions = {}): Sampler {
  const { classes, counts } = classesOf("balancedSampler", labels);
  expectOptions<BalancedSamplerOptions>("balancedSampler", options, {
    draws: wholeFrom(0),
    seed: wholeFrom(0),
  });
  const weights = new Float64Array(classes).map((number) => 1 / counts[number]);
  return samplerOf("balancedSampler", weights, options);
}

function weightsIn(weights: Tensor | Iterable<number>): Float64Array {
  const isTensor = weights instanceof Tensor;
  if (isTensor && weights.ndim !== 1) {
    throw new ArgumentError(
      "weightedSampler",
      `got weights of shape [${weights.shape.join(", ")}]; expected [N]`,
    );
  }
  const list = isTensor ? valuesOf(weights) : (expectList("weightedSampler", weights, "weights") as number[]);
  const wrong = list.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (wrong >= 0) {
    throw new ArgumentError(
      "weightedSampler",
      `got the weight ${String(list[wrong])} of item ${wrong}; expected a finite number of at least 0`,
    );
  }
  return Float64Array.from(list);
}

function samplerOf(
  called: string,
  weights: Float64Array,
  { draws = weights.length, replacement = true, seed = 0 }: WeightedSamplerOptions,
): Sampler {
  const possible = weights.reduce((sum, weight) => sum + Number(weight > 0), 0);
  if (draws > 0 && (possible === 0 || (!replacement && draws > possible))) {
    throw new ArgumentError(
      called,
      `got ${draws} draws${replacement ? "" : " without replacement"} from ${possible} items with a weight above 0`,
      replacement ? "Give some item a weight" : "Draw fewer, or with replacement",
    );
  }
  return replacement ? withReplacement(weights, draws, seed) : withoutReplacement(weights, draws, seed);
}

function withReplacement(weights: Float64Array, draws: number, seed: number): Sampler {
  let total = 0;
  // There are at most 2 ** 31 weights, whose sum may be more than the largest number.
  const scale = Number.isFinite(weights.reduce((sum, weight) => sum + weight, 0)) ? 1 : 2 ** -31;
  const ends = weights.map((weight) => (total += weight * scale));
  const last = weights.findLastIndex((weight) => weight > 0);
  return drawingSampler(draws, seed, (uniform) => {
    // The first item whose end is above the draw; an item without a weight ends where the item before it does.
    const drawn = uniform * total;
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle] > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** A clock of each item rings after an exponential time with the weight as its rate; the items are drawn as their clocks ring. */
function withoutReplacement(weights: Float64Array, draws: number, seed: number): Sampler {
  return {
    length: draws,
    order(epoch) {
      const generator = epochGenerator(seed, epoch);
      const times = weights.map((weight) => -Math.log(1 - generator.uniform()) / weight);
      const items = Int32Array.from(weights.keys()).filter((index) => weights[index] > 0);
      return items.sort((a, b) => times[a] - times[b]).subarray(0, draws);
    },
  };
}
