import { modelNames } from "../dashboard/settings.js";
import type { Task } from "../runs/task.js";
import { isPositive, isWhole } from "../terminal/numbers.js";
import type { ClassifySettings } from "./run.js";
import { sourceNames, type SourceName } from "./sources.js";

/** The settings of a run and the column of a table that it predicts; null for pictures. */
export interface RunSettings extends ClassifySettings {
  readonly target: string | null;
}

const isFraction = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < 1;

const rules: Task<RunSettings>["rules"] = {
  target: { flag: "--target", isValid: (value) => value === null || typeof value === "string" },
  model: { flag: "--model", isValid: (value) => modelNames.some((name) => name === value) },
  units: { flag: "--units", isValid: isWhole(1) },
  epochs: { flag: "--epochs", isValid: isWhole(1) },
  batchSize: { flag: "--batch-size", isValid: isWhole(1) },
  learningRate: { flag: "--learning-rate", isValid: isPositive },
  heldOut: { flag: "--held-out", isValid: isFraction },
  seed: { flag: "--seed", isValid: isWhole(0) },
};

/** What the runs of a command that classifies have in common. */
export function taskOf(name: SourceName): Task<RunSettings> {
  return { name, rules };
}

/** The command of a run, if it is one of those that classify. */
export function sourceOf(command: unknown): SourceName | null {
  return sourceNames.find((name) => name === command) ?? null;
}
