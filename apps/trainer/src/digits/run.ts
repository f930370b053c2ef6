import { FormatError } from "@stargrad/io";
import type { Checkpoint, Json } from "@stargrad/train";

import type { RunFile } from "../runs/run-file.js";
import { openRun, type Task } from "../runs/run.js";
import { isPositive, isWhole } from "../terminal/numbers.js";
import { classifierNames, trainedClassifier, type ClassifierName } from "./classifier.js";

/** The settings that, with the data, determine a run. They cannot change within a run. */
export interface Settings {
  readonly model: ClassifierName;
  readonly seed: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

const task: Task<Settings> = {
  name: "digits",
  complete: (requested) => ({ model: "mlp", seed: 1, batchSize: 64, learningRate: 0.003, ...requested }),
  rules: {
    model: { flag: "--model", isValid: (value) => classifierNames.some((name) => name === value) },
    seed: { flag: "--seed", isValid: isWhole(0) },
    batchSize: { flag: "--batch-size", isValid: isWhole(1) },
    learningRate: { flag: "--learning-rate", isValid: isPositive },
  },
  expectModel: (checkpoint, path) => {
    trainedClassifier(checkpoint, path);
  },
};

/** Settings that are not given are taken from the checkpoint, or else from the defaults. */
export interface RunOptions extends Partial<Settings> {
  /** Where to save the run. Default: nowhere. */
  readonly checkpoint?: string;
  /** Whether to continue the run in that file instead of starting a new one. Default: false. */
  readonly resume?: boolean;
}

/** A run at its start, or at the state of its checkpoint. */
export interface DigitsRun {
  readonly settings: Settings;
  /** The number of completed epochs. */
  readonly epoch: number;
  /** The accuracy on the training images, measured during the last epoch; NaN before the first. */
  readonly trainAccuracy: number;
  readonly checkpoint: Checkpoint | null;
  readonly file: RunFile | null;
}

/** Starts or resumes a run. Throws: as {@link openRun}; FormatError if the checkpoint lacks its position or the accuracy */
export async function openDigitsRun({
  checkpoint: path,
  resume = false,
  ...requested
}: RunOptions): Promise<DigitsRun> {
  const run = await openRun({ checkpoint: path, resume }, requested, task);
  const { checkpoint } = run;
  if (checkpoint === null) return { ...run, epoch: 0, trainAccuracy: NaN };
  const { trainAccuracy } = checkpoint.metadata;
  const epoch = checkpoint.loader?.epoch;
  if (
    !isWhole(0)(epoch) ||
    typeof trainAccuracy !== "number" ||
    !(trainAccuracy >= 0 && trainAccuracy <= 1)
  ) {
    throw new FormatError(
      path ?? "the run",
      "does not contain the epoch and the training accuracy of its run",
      "Was it saved by another program?",
    );
  }
  return { ...run, epoch: Number(epoch), trainAccuracy };
}

/** The metadata that a checkpoint stores beside the state of the training. */
export function metadataOf({ settings, trainAccuracy }: Pick<DigitsRun, "settings" | "trainAccuracy">): {
  readonly [key: string]: Json;
} {
  return { lesson: task.name, settings: { ...settings }, trainAccuracy };
}
