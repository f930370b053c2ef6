import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";

import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { loadCheckpoint, type Checkpoint, type Json } from "@stargrad/train";

import { trainedClassifier } from "./classifier.js";

/** What decides the course of a run, apart from the pictures. A run keeps its settings to its end. */
export interface Settings {
  readonly seed: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

const defaults: Settings = { seed: 1, batchSize: 64, learningRate: 0.003 };

const flags: Record<keyof Settings, string> = {
  seed: "--seed",
  batchSize: "--batch-size",
  learningRate: "--learning-rate",
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

/**
 * Opens a run so that nothing can be lost: a new one never takes the place of a file that is there.
 *
 * Throws: StargradError if there is a file and should not be, or should be and is not, if it could not be written later,
 * or if it was made by another model or with other settings; FormatError if it is damaged
 */
export async function openRun({ checkpoint: path, resume = false, ...asked }: RunOptions): Promise<Run> {
  return resume ? resumeRun(path, asked) : startRun(path, asked);
}

async function startRun(path: string, asked: Partial<Settings>): Promise<Run> {
  if (await can("be seen", path)) {
    throw new StargradError(path, "is there already", "Go on from it with --resume, or name another file");
  }
  if (!(await can("be written to", dirname(path)))) {
    throw new StargradError(path, `cannot write to the folder ${dirname(path)}`, "Does it exist?");
  }
  return { settings: { ...defaults, ...asked }, epoch: 0, trainAccuracy: NaN, checkpoint: null };
}

async function resumeRun(path: string, asked: Partial<Settings>): Promise<Run> {
  if (!(await can("be seen", path))) {
    throw new StargradError(path, "there is no such file to resume", "Leave --resume out to start it");
  }
  const checkpoint = await loadCheckpoint(path);
  trainedClassifier(checkpoint, path);
  const { settings, epoch, trainAccuracy } = checkpoint.metadata;
  if (!isSettings(settings) || typeof epoch !== "number" || typeof trainAccuracy !== "number") {
    throw new FormatError(path, "does not say with which settings its run was started", "What saved it?");
  }
  for (const name of Object.keys(flags) as (keyof Settings)[]) {
    if ((asked[name] ?? settings[name]) === settings[name]) continue;
    throw new StargradError(
      path,
      `its run was started with ${flags[name]} ${settings[name]}, now ${flags[name]} is ${asked[name]}`,
      "A run keeps its settings: leave the flag out, or start another run in another file",
    );
  }
  return { settings, epoch, trainAccuracy, checkpoint };
}

/** What a checkpoint has to remember of a run, beside the training itself. */
export function metadataOf({ settings, epoch, trainAccuracy }: Omit<Run, "checkpoint">): {
  readonly [key: string]: Json;
} {
  return { model: "digits", settings: { ...settings }, epoch, trainAccuracy };
}

function isSettings(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(flags).every((name) => typeof (value as Record<string, unknown>)[name] === "number");
}

async function can(what: "be seen" | "be written to", path: string): Promise<boolean> {
  return access(path, what === "be seen" ? constants.F_OK : constants.W_OK).then(
    () => true,
    () => false,
  );
}
