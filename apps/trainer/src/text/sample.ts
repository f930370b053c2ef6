import type { Vocabulary } from "@stargrad/datasets";
import { Generator } from "@stargrad/tensor";

import type { CharacterTransformer } from "./character-transformer.js";
import { generate } from "./generate.js";

export interface SampleOptions {
  readonly vocabulary: Vocabulary;
  /** The beginning of every sample. */
  readonly prompt: Int32Array;
  readonly temperature: number;
  readonly seed: number;
  /** The number of characters after the prompt. Default: 240. */
  readonly length?: number;
}

/** A text that the model writes after a step. It does not change the run, and does not depend on interruptions before it. */
export async function sampleAfter(
  step: number,
  model: CharacterTransformer,
  { vocabulary, prompt, temperature, seed, length = 240 }: SampleOptions,
): Promise<string> {
  const generator = new Generator(seed);
  generator.restore({ seed, block: step });
  // Split, because the weights were drawn from the blocks of this seed.
  const written = await generate(model, prompt, { length, temperature, generator: generator.split() });
  return vocabulary.decode([...prompt, ...written]);
}
