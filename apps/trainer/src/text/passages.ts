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

import { breathe } from "../terminal/interrupt.js";
import { baselinesOf, type Baselines } from "./baselines.js";
import type { Settings } from "./settings.js";

/** A text to learn from, and the end of it to be measured on. */
export interface Passages {
  readonly vocabulary: Vocabulary;
  /** How many characters the text has in all. */
  readonly characters: number;
  readonly training: Int32Array;
  /** As many characters as there are whole passages, and the first, which none is asked for. */
  readonly validation: Int32Array;
  readonly baselines: Baselines;
}

export interface PassagesOptions {
  /** How many characters a passage has. */
  readonly context: number;
  /** The characters that may occur. Default: those of the text. */
  readonly vocabulary?: Vocabulary;
}

/**
 * Reads a text.
 *
 * Throws: StargradError if it cannot be read, is too short for a passage to be measured on, or has a character that is not
 * in the vocabulary; FormatError if it is not UTF-8
 */
export async function readPassages(path: string, options: PassagesOptions): Promise<Passages> {
  const { context } = options;
  const text = await readText(path);
  if (text === "") throw new StargradError(path, "is empty", "Name a file with a text in it");
  const { vocabulary = new Vocabulary(text) } = options;
  const tokens = encode(text, vocabulary, path);
  const { training, validation } = splitTokens(tokens);
  if (validation.length <= context) {
    throw new StargradError(
      path,
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

/** Throws: StargradError naming where the text comes from, if it has a character that is not in the vocabulary */
export function encode(text: string, vocabulary: Vocabulary, source: string): Int32Array {
  try {
    return vocabulary.encode(text);
  } catch (cause) {
    if (!(cause instanceof StargradError)) throw cause;
    const problem = `has a character that the model does not know. ${cause.message}`;
    throw new StargradError(source, problem, undefined, { cause });
  }
}

/** As many passages as the run has steps, at random places: one epoch is the run. */
export function trainingPassages(
  { training }: Passages,
  { context, batchSize, steps, seed }: Settings,
): DataLoader<Batch> {
  const windows = textWindows(training, { length: context });
  const sampler = randomSampler(windows.length, { draws: batchSize * steps, seed });
  return new DataLoader(windows, { batchSize, sampler, seed });
}

/** Every passage of what is kept for validation, side by side. */
export function validationPassages({ validation }: Passages, context: number): DataLoader<Batch> {
  const windows = textWindows(validation, { length: context, stride: context });
  return new PatientLoader(windows, { batchSize: 16 });
}

/** Measuring takes seconds, and can be interrupted between two batches. */
class PatientLoader extends DataLoader<Batch> {
  override async *[Symbol.asyncIterator](): AsyncIterableIterator<Batch> {
    for (const batch of this) {
      await breathe();
      yield batch;
    }
  }
}
