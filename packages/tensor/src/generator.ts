import { ArgumentError, philox4x32 } from "@stargrad/graph";
import { recognizeCopies, shared } from "@stargrad/graph/internal";
import type { GeneratorState, RandomStream } from "./random-stream.js";
import { expectNoRecording } from "./recording-state.js";

/**
 * A stream of random numbers, determined by its seed. Its only state is a counter: block n of the stream is Philox of n, so
 * the same seed gives the same bits on every engine. (Functions that are computed from them, like the logarithm in `normal`, may
 * differ in their last digits.)
 *
 * See also: torch.Generator; numpy.random.Generator
 *
 * Throws: ArgumentError unless the seed is a whole number from 0 to 2⁵³ − 1
 */
export class Generator implements RandomStream {
  static {
    recognizeCopies(this, "Generator");
  }

  // Not #private, so that deep equality, JSON and structuredClone see the state. `restore` accepts such a copy.
  private seed: number;
  private block = 0;

  constructor(seed: number) {
    expectNoRecording("Generator", "a generator is made");
    this.seed = checkSeed(seed);
  }

  state(): GeneratorState {
    return { seed: this.seed, block: this.block };
  }

  /**
   * Continues from a saved state.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  restore(state: GeneratorState): void {
    expectNoRecording("Generator.restore", "a generator is set back");
    this.moveTo(state);
  }

  moveTo({ seed, block }: GeneratorState): void {
    this.seed = checkSeed(seed);
    this.block = checkSeed(block);
  }

  reserve(blocks: number, offsets: readonly number[] = [0]): Int32Array {
    const starts = new Int32Array(4 * offsets.length);
    offsets.forEach((offset, i) => {
      const block = this.block + offset;
      starts.set([low(this.seed), high(this.seed), low(block), high(block)], 4 * i);
    });
    this.block += blocks;
    return starts;
  }

  /** One number, uniform in [0, 1), with all 53 bits of a double. */
  uniform(): number {
    expectNoRecording("Generator.uniform", "a number is drawn");
    const [key0, key1, block0, block1] = this.reserve(1);
    const [first, second] = philox4x32([block0, block1, 0, 0], [key0, key1]);
    return ((first >>> 5) * 2 ** 26 + (second >>> 6)) / 2 ** 53;
  }

  /** One number from the normal distribution with mean 0 and standard deviation 1 (Box and Muller's transform). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * The whole numbers below `count` in random order (Fisher and Yates' shuffle).
   *
   * Throws: ArgumentError unless count is a whole number from 0 to 2²⁸, which take 1 GiB and minutes
   */
  permutation(count: number): Int32Array {
    if (!(Number.isInteger(count) && count >= 0 && count <= 2 ** 28)) {
      throw new ArgumentError("permutation", `got ${count}; expected a whole number from 0 to 2²⁸`);
    }
    const order = new Int32Array(count).map((_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** A new generator, seeded by a draw from this one. Later draws from either do not affect the other. */
  split(): Generator {
    return new Generator(Math.floor(this.uniform() * 2 ** 53));
  }
}

const usual = /* @__PURE__ */ shared("generator", () => new Generator(0));

/** The generator that is used if none is given. Its initial seed is 0, so programs are reproducible by default. */
export function defaultGenerator(): Generator {
  return usual;
}

/** Restarts the default generator from a seed. Source: torch.manual_seed */
export function manualSeed(seed: number): void {
  usual.restore({ seed, block: 0 });
}

function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ArgumentError("Generator", `got ${seed}; expected a whole number from 0 to 2⁵³ − 1`);
}

function low(value: number): number {
  return value | 0;
}

function high(value: number): number {
  return Math.floor(value / 2 ** 32) | 0;
}
