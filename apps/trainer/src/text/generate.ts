import { ArgumentError, fromData, type Generator } from "@stargrad/tensor";

import { yieldToEventLoop } from "../event-loop.js";
import type { CharacterTransformer } from "./character-transformer.js";

export interface GenerateOptions {
  /** How many characters to write. */
  readonly length: number;
  /** Below 1, likely characters become likelier; above 1, the choice becomes more uniform. */
  readonly temperature: number;
  readonly generator: Generator;
}

/**
 * Continues a text, character by character. Each character is drawn from softmax(logits / temperature) and appended to the
 * input of the next one. The same weights, prompt and generator give the same text.
 *
 * Returns the text after the prompt.
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
    await yieldToEventLoop();
    const logits = await logitsAfter(text.subarray(0, next), model);
    text[next] = draw(logits, temperature, generator.uniform());
  }
  return text.subarray(prompt.length);
}

/**
 * The logits of the character after a text. The input always has the length of the context, so that one compiled program
 * serves all lengths. The padding stands after the text, where causal attention ignores it.
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

/** Draws a character by inverse transform sampling: the first whose cumulative probability exceeds `chance` in [0, 1). */
function draw(logits: Float64Array, temperature: number, chance: number): number {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const goal = chance * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const drawn = weights.findIndex((weight) => (sum += weight) > goal);
  // Because of rounding, the last sum may equal the goal.
  return drawn === -1 ? weights.length - 1 : drawn;
}
