import { FormatError } from "@stargrad/io";
import type { Checkpoint, Json } from "@stargrad/train";

import { findRun, type FoundRun, type RunOptions } from "../runs/run.js";
import { savedSettings, type Task } from "../runs/task.js";
import { isPositive, isWhole } from "../terminal/numbers.js";
import { classifierNames, trainedClassifier, type ClassifierName } from "./classifier.js";

/** The settings that, with the data, determine a run. They cannot change within a run. */
export interface Settings {
  readonly model: ClassifierName;
  readonly seed: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

export const defaults: Settings = { model: "mlp", seed: 1, batchSize: 64, learningRate: 0.003 };

/** The total number of epochs, unless it is given. */
export const usualEpochs = 5;

export const task: Task<Settings> = {
  name: "digits",
  rules: {
    model: { flag: "--model", isValid: (value) => classifierNames.some((name) => name === value) },
    seed: { flag: "--seed", isValid: isWhole(0) },
    batchSize: { flag: "--batch-size", isValid: isWhole(1) },
    learningRate: { flag: "--learning-rate", isValid: isPositive },
  },
  expectModel: (checkpoint, path) => {
    trainedClassifier(checkpoint, path);
    savedSettings(checkpoint, path, task);
    progressIn(checkpoint, path);
  },
};

/** Finds a run. Throws: as {@link findRun}; FormatError if the checkpoint lacks its position or the accuracy */
export function findDigitsRun(
  options: RunOptions,
  requested: Partial<Settings> = {},
): Promise<FoundRun<Settings>> {
  return findRun(options, requested, task);
}

/** How far a run is, besides the state of the training. */
export interface DigitsProgress {
  /** The accuracy on the training images, measured during the last epoch; null before the end of the first. */
  readonly trainAccuracy: number | null;
}

/** Throws: FormatError if the checkpoint lacks its position or the accuracy */
export function progressIn({ loader, metadata }: Checkpoint, path: string): DigitsProgress {
  const { trainAccuracy } = metadata;
  const isFraction = typeof trainAccuracy === "number" && trainAccuracy >= 0 && trainAccuracy <= 1;
  if (isWhole(0)(loader?.epoch) && (isFraction || trainAccuracy === null)) return { trainAccuracy };
  throw new FormatError(
    path,
    "does not contain the epoch and the training accuracy of its run",
    "Was it saved by another program?",
  );
}

/** The metadata that a checkpoint stores beside the state of the training. */
export function metadataOf({
  settings,
  epochs,
  fingerprint,
  trainAccuracy,
}: DigitsProgress & {
  readonly settings: Settings;
  /** The total number of epochs. It may grow: the learning rate does not depend on it. */
  readonly epochs: number;
  readonly fingerprint: string;
}): { readonly [key: string]: Json } {
  return { lesson: task.name, settings: { ...settings }, epochs, fingerprint, trainAccuracy };
}
