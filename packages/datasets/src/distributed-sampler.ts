import { ArgumentError } from "@stargrad/tensor";
import { count, expectOptions, flag, wholeFrom } from "@stargrad/tensor/internal";

import { epochGenerator } from "./item-generators.js";
import type { Sampler } from "./sampler.js";

export interface DistributedSamplerOptions {
  /** Which of the replicas this is, from 0. */
  readonly rank: number;
  /** How many replicas of the model share the items. */
  readonly replicas: number;
  /** Order the items anew in every epoch, in the same way for all ranks. Default: true. */
  readonly shuffle?: boolean;
  /** The seed of the orders, the same for all ranks. Default: 0. */
  readonly seed?: number;
  /** Leave out items so that all ranks have equally many, instead of repeating some. Default: false. */
  readonly dropLast?: boolean;
}

/**
 * The items of one of several replicas that train together: of the order of an epoch, rank r has the items at r, r + replicas, r + 2·replicas, …
 * Every rank has equally many items. If `items` is no multiple of `replicas`, the order is continued with its own beginning, or
 * cut off with `dropLast`. The epoch of the order is that of the loader.
 *
 * Defaults: shuffled, seed 0, items are repeated
 * Throws: ArgumentError unless there are 0 to 2²⁸ items, at least one replica, and the rank is one of them
 * Source: torch.utils.data.DistributedSampler
 */
export function distributedSampler(items: number, options: DistributedSamplerOptions): Sampler {
  expectOptions<DistributedSamplerOptions>(
    "distributedSampler",
    options,
    { rank: wholeFrom(0), replicas: count, shuffle: flag, seed: wholeFrom(0), dropLast: flag },
    ["rank", "replicas"],
  );
  const { rank, replicas, shuffle = true, seed = 0, dropLast = false } = options;
  if (!(Number.isInteger(items) && items >= 0 && items <= 2 ** 28)) {
    throw new ArgumentError(
      "distributedSampler",
      `got ${items} items; expected a whole number from 0 to 2²⁸`,
    );
  }
  if (rank >= replicas) {
    throw new ArgumentError(
      "distributedSampler",
      `got rank ${rank} of ${replicas} replicas; expected a rank below ${replicas}`,
      "Ranks are counted from 0",
    );
  }
  const length = dropLast ? Math.floor(items / replicas) : Math.ceil(items / replicas);
  return {
    length,
    order(epoch) {
      const order = shuffle ? epochGenerator(seed, epoch).permutation(items) : null;
      return {
        subarray(start, end) {
          const own = Math.max(0, Math.min(end, length) - start);
          return Int32Array.from({ length: own }, (_, i) => {
            const at = (rank + (start + i) * replicas) % items;
            return order === null ? at : order[at];
          });
        },
      };
    },
  };
}
