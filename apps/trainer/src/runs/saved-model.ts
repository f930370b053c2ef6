import { stat } from "node:fs/promises";

import { StargradError } from "@stargrad/tensor";
import { loadCheckpoint, readRunFolder, type Checkpoint } from "@stargrad/train";

import { existingRun } from "./run-places.js";

/** A model that a run has saved. */
export interface SavedModel {
  /** Of its file. */
  readonly path: string;
  readonly checkpoint: Checkpoint;
  /** The command that has trained it; null if its file does not say it, as those of other programs. */
  readonly command: string | null;
  /** Where the data of its run was; null if that is not known. */
  readonly data: string | null;
}

/**
 * Loads the best model of a run, by its folder or its name in `runs`, the newest if none has a score, or the model in a file.
 *
 * Throws: StargradError if there is none; FormatError if it is damaged
 */
export async function savedModel(name: string): Promise<SavedModel> {
  const isFile = await stat(name).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return loaded(name, null);
  const folder = await existingRun(name, "is neither a run nor a file with a checkpoint");
  const { config, checkpoints, best } = await readRunFolder(folder);
  const chosen = best ?? checkpoints.at(-1);
  if (chosen === undefined) throw new StargradError(folder, "has no checkpoint yet", "Train it first");
  const data = config?.["data"];
  return loaded(chosen.path, typeof data === "string" ? data : null);
}

async function loaded(path: string, data: string | null): Promise<SavedModel> {
  const checkpoint = await loadCheckpoint(path);
  const { lesson } = checkpoint.metadata;
  return { path, checkpoint, command: typeof lesson === "string" ? lesson : null, data };
}
