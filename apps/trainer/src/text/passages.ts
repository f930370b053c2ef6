import {
  DataLoader,
  randomSampler,
  readText,
  splitTokens,
  textWindows,
  Vocabulary,
} from "@stargrad/datasets";
import { StargradError } from "@stargrad/tensor";
import type { Batch } from "@stargrad/train";

import { yieldToEventLoop } from "../event-loop.js";
import { baselinesOf, type Baselines } from "./baselines.js";
import type { Settings } from "./settings.js";

/** A text, divided into a part for training and its end for validation. */
export interface Passages {
  readonly vocabulary: Vocabulary;
  /** The number of characters of the whole text. */
  readonly characters: number;
  readonly training: Int32Array;
  /** One character, and after it whole passages of targets. */
  readonly validation: Int32Array;
  readonly baselines: Baselines;
}

export interface PassagesOptions {
  /** The number of characters in a passage. */
  readonly context: number;
  /** The characters that may occur. Default: those of the text. */
  readonly vocabulary?: Vocabulary;
}

/**
 * Reads a text and divides it.
 *
 * Throws: StargradError if the file cannot be read, is too short for one validation passage, or has a character that is
 * not in the vocabulary; FormatError if it is not UTF-8
 */
export async function readPassages(path: string, options: PassagesOptions): Promise<Passages> {
  const text = await readText(path);
  if (text === "") throw new StargradError(path, "is empty", "Name a file with a text in it");
  return passagesOf(text, path, options);
}

/**
 * Divides a text. `source` is its name in errors.
 *
 * Throws: StargradError if it is too short for one validation passage, or has a character that is not in the vocabulary
 */
export function passagesOf(
  text: string,
  source: string,
  { context, vocabulary = new Vocabulary(text) }: PassagesOptions,
): Passages {
  const tokens = encode(text, vocabulary, source);
  const { training, validation } = splitTokens(tokens);
  if (validation.length <= context) {
    throw new StargradError(
      source,
      `has only ${tokens.length} characters, of which the last ${validation.length} are kept for validation; ` +
        `a context of ${context} takes ${context + 1} of them`,
      "Name a longer text, or choose a smaller context",
    );
  }
  const passages = Math.floor((validation.length - 1) / context);
  const measured = validation.subarray(0, passages * context + 1);
  const baselines = baselinesOf(training, measured, vocabulary.size);
  return { vocabulary, characters: tokens.length, training, validation: measured, baselines };
}

/** Throws: StargradError naming the source of the text, if it has a character that is not in the vocabulary */
export function encode(text: string, vocabulary: Vocabulary, source: string): Int32Array {
  try {
    return vocabulary.encode(text);
  } catch (cause) {
    if (!(cause instanceof StargradError)) throw cause;
    const problem = `has a character that is not in the model's vocabulary. ${cause.message}`;
    throw new StargradError(source, problem, undefined, { cause });
  }
}

/** Passages at random positions, as many as the run needs: the whole run is one epoch. */
export function trainingPassages(
  { training }: Passages,
  { context, batchSize, steps, seed }: Settings,
): DataLoader<Batch> {
  const windows = textWindows(training, { length: context });
  const sampler = randomSampler(windows.length, { draws: batchSize * steps, seed });
  return new DataLoader(windows, { batchSize, sampler, seed });
}

/** All passages of the validation text, without overlap. */
export function validationPassages({ validation }: Passages, context: number): DataLoader<Batch> {
  const windows = textWindows(validation, { length: context, stride: context });
  return new InterruptibleLoader(windows, { batchSize: 16 });
}

/** A loader that allows Ctrl-C between two batches, because an evaluation takes seconds. */
class InterruptibleLoader extends DataLoader<Batch> {
  override async *[Symbol.asyncIterator](): AsyncIterableIterator<Batch> {
    for (const batch of this) {
      await yieldToEventLoop();
      yield batch;
    }
  }
}
