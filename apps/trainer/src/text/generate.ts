import { ArgumentError, fromData, type Generator } from "@stargrad/tensor";

import { breathe } from "../terminal/interrupt.js";
import type { CharacterTransformer } from "./character-transformer.js";

export interface GenerateOptions {
  /** How many characters to write. */
  readonly length: number;
  /** Below 1 it dares less and repeats itself more; above, it dares more and errs more. */
  readonly temperature: number;
  readonly generator: Generator;
}

/**
 * Goes on with a text, character by character: each is drawn from softmax(logits / temperature), and is part of what the
 * next one follows from. The same weights, prompt and generator write the same text.
 *
 * Returns what comes after the prompt.
 *
 * Throws: ArgumentError if the prompt is empty
 */
export async function generate(
  model: CharacterTransformer,
  prompt: Int32Array,
  { length, temperature, generator }: GenerateOptions,
): Promise<Int32Array> {
  if (prompt.length === 0) throw new ArgumentError("generate", "got an empty prompt; expected a character");
  const text = new Int32Array(prompt.length + length);
  text.set(prompt);
  for (let next = prompt.length; next < text.length; next++) {
    await breathe();
    const logits = await logitsAfter(text.subarray(0, next), model);
    text[next] = draw(logits, temperature, generator.uniform());
  }
  return text.subarray(prompt.length);
}

/**
 * The logits of what comes after a text. The window is always the whole context, so that one program does for all lengths:
 * what fills it up comes later than the text, where causal attention does not look.
 */
async function logitsAfter(text: Int32Array, model: CharacterTransformer): Promise<Float64Array> {
  const seen = text.subarray(Math.max(0, text.length - model.context));
  const window = new Int32Array(model.context);
  window.set(seen);
  const logits = model.forward(fromData(window, [1, window.length])); // [1, T, C]
  const characters = logits.shape[2];
  const start = (seen.length - 1) * characters;
  return Float64Array.from((await logits.data()).subarray(start, start + characters));
}

/** The character at which the summed probabilities pass `chance`, uniform in [0, 1). */
function draw(logits: Float64Array, temperature: number, chance: number): number {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const goal = chance * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const drawn = weights.findIndex((weight) => (sum += weight) > goal);
  // Rounding may leave the last sum at the goal.
  return drawn === -1 ? weights.length - 1 : drawn;
}
