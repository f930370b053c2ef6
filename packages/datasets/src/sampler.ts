import { ArgumentError } from "@stargrad/tensor";
import { anything, expectOptions } from "@stargrad/tensor/internal";

import { epochGenerator } from "./item-generators.js";

/** The indices of an epoch, which an `Int32Array` contains and other samplers compute when they are read. */
export interface Order {
  /** The indices from `start` up to, but not including, `end` or the end of the epoch. */
  subarray(start: number, end: number): Int32Array;
}

/** Decides which items an epoch contains, and in which order. The same epoch must always give the same order. */
export interface Sampler {
  /** How many items an epoch has. */
  readonly length: number;
  order(epoch: number): Order;
}

/** All items in the order of the dataset, in every epoch. The indices are computed batch by batch, so they take no memory. */
export function sequentialSampler(items: number): Sampler {
  const order: Order = {
    subarray(start, end) {
      const length = Math.max(0, Math.min(end, items) - start);
      return new Int32Array(length).map((_, index) => start + index);
    },
  };
  return { length: items, order: () => order };
}

/** All items, in a different order in every epoch. */
export function shufflingSampler(items: number, seed: number): Sampler {
  return { length: items, order: (epoch) => epochGenerator(seed, epoch).permutation(items) };
}

export interface RandomSamplerOptions {
  /** How many items an epoch has. */
  readonly draws: number;
  /** The seed of the draws. Default: 0. */
  readonly seed?: number;
}

/**
 * Draws items at random with replacement, so an epoch can have any length. Use it for data with far more items than a
 * training run reads, such as all the windows of a text. The draws are computed batch by batch, so they take no memory.
 *
 * Throws: ArgumentError unless there are 1 to 2³¹ items to draw from, and `draws` is a whole number of at least 0
 * Source: torch.utils.data.RandomSampler with replacement
 */
export function randomSampler(items: number, options: RandomSamplerOptions): Sampler {
  expectOptions<RandomSamplerOptions>("randomSampler", options, { draws: anything, seed: anything }, [
    "draws",
  ]);
  const { draws, seed = 0 } = options;
  const isCount = Number.isSafeInteger(items) && items >= 1 && items <= 2 ** 31;
  if (!isCount || !Number.isSafeInteger(draws) || draws < 0) {
    throw new ArgumentError(
      "randomSampler",
      `got ${draws} draws from ${items} items; expected whole numbers, and 1 to 2 ** 31 items`,
    );
  }
  return drawingSampler(draws, seed, (uniform) => Math.floor(uniform * items));
}

/** Draws with replacement: `pick` makes an index of a uniform number in [0, 1). The draws are computed batch by batch. */
export function drawingSampler(draws: number, seed: number, pick: (uniform: number) => number): Sampler {
  return {
    length: draws,
    order(epoch) {
      const generator = epochGenerator(seed, epoch);
      const { block, seed: own } = generator.state();
      return {
        subarray(start, end) {
          // A draw takes one block of the generator.
          generator.restore({ seed: own, block: block + start });
          const length = Math.max(0, Math.min(end, draws) - start);
          return Int32Array.from({ length }, () => pick(generator.uniform()));
        },
      };
    },
  };
}
