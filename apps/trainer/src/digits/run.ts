import { FormatError } from "@stargrad/io";
import type { Checkpoint, Json } from "@stargrad/train";

import { openRun, type Lesson } from "../runs/run.js";
import { trainedClassifier, type ClassifierName } from "./classifier.js";

/** What decides the course of a run, apart from the pictures. A run keeps its settings to its end. */
export interface Settings {
  readonly model: ClassifierName;
  readonly seed: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

const lesson: Lesson<Settings> = {
  name: "digits",
  settle: (asked) => ({ model: "mlp", seed: 1, batchSize: 64, learningRate: 0.003, ...asked }),
  flags: {
    model: "--model",
    seed: "--seed",
    batchSize: "--batch-size",
    learningRate: "--learning-rate",
  },
  expectModel: (checkpoint, path) => {
    trainedClassifier(checkpoint, path);
  },
};

/** Settings that are not asked for are the checkpoint's, or the defaults. */
export interface RunOptions extends Partial<Settings> {
  /** Where the run is saved. */
  readonly checkpoint: string;
  /** Whether it goes on from there, or starts there. Default: false. */
  readonly resume?: boolean;
}

/** A run at its start, or where its checkpoint left it. */
export interface Run {
  readonly settings: Settings;
  /** How many epochs are done. */
  readonly epoch: number;
  /** The accuracy on the pictures of the last epoch while it learned from them; NaN before the first. */
  readonly trainAccuracy: number;
  readonly checkpoint: Checkpoint | null;
}

/** Opens a run. Throws: as {@link openRun} */
export async function openDigitsRun({
  checkpoint: path,
  resume = false,
  ...asked
}: RunOptions): Promise<Run> {
  const { settings, checkpoint } = await openRun({ checkpoint: path, resume }, asked, lesson);
  if (checkpoint === null) return { settings, checkpoint, epoch: 0, trainAccuracy: NaN };
  const { epoch, trainAccuracy } = checkpoint.metadata;
  if (typeof epoch !== "number" || typeof trainAccuracy !== "number") {
    throw new FormatError(path, "does not say how far its run has come", "What saved it?");
  }
  return { settings, checkpoint, epoch, trainAccuracy };
}

/** What a checkpoint has to remember of a run, beside the training itself. */
export function metadataOf({ settings, epoch, trainAccuracy }: Omit<Run, "checkpoint">): {
  readonly [key: string]: Json;
} {
  return { lesson: lesson.name, settings: { ...settings }, epoch, trainAccuracy };
}
