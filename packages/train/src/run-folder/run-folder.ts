import { FormatError, lockFile } from "@stargrad/io";
import { fileError, makeFolder, nodeModules } from "@stargrad/io/internal";
import { ArgumentError, StargradError } from "@stargrad/tensor";
import { expectOptions, expectValues, shared, warn, wholeFrom, type Kind } from "@stargrad/tensor/internal";

import { loadCheckpoint, restoreCheckpoint, saveCheckpoint, type Checkpoint } from "../checkpoint.js";
import { jsonObject, type Json } from "../json.js";
import type { Training } from "../training.js";
import {
  bestOf,
  nameOf,
  readRunFolder,
  readScores,
  removeRemains,
  writeJson,
  type RunContents,
  type SavedCheckpoint,
} from "./contents.js";

export interface RunFolderOptions {
  /**
   * The settings of the run. They are written when the folder is made, and a run that goes on must have the same. Default: those in the
   * folder, and none in a new one
   */
  readonly config?: Readonly<Record<string, Json>>;
  /** How many of the newest checkpoints are kept, at least 1. The one with the lowest score is kept besides. Default: 2 */
  readonly keep?: number;
}

export interface SaveOptions {
  /** What to keep the best checkpoint by: lower is better, such as a loss. Default: none; NaN and infinities are none */
  readonly score?: number;
  /** Further data of the caller, as of `saveCheckpoint`. Default: none */
  readonly metadata?: Readonly<Record<string, Json>>;
}

/** What became of a checkpoint. */
export type SaveOutcome =
  | { readonly isSaved: true; readonly checkpoint: SavedCheckpoint }
  /** The disk is full, or the folder cannot be written. `reason` is a sentence. The checkpoints before are as they were. */
  | { readonly isSaved: false; readonly reason: string };

/**
 * The folder of one run: its settings in `config.json`, its newest checkpoints, and the best one. One process at a time has it.
 *
 * If the process is killed at any moment, or the disk is full, the newest checkpoint or the one before is whole. A checkpoint that cannot
 * be written does not end the training: a warning and the result of `save` say so.
 */
export class RunFolder {
  readonly path: string;
  readonly config: Readonly<Record<string, Json>>;
  readonly #keep: number;
  readonly #release: () => Promise<void>;
  /** From the oldest to the newest. */
  #checkpoints: readonly SavedCheckpoint[];
  /** The number of the last checkpoint that was begun. */
  #number: number;
  #isOpen = true;
  /** The last call of `save` that has not ended: checkpoints are listed and removed in their order. */
  #saving: Promise<unknown> = Promise.resolve();
  /** The reasons that a warning has told. */
  readonly #told = new Set<string>();

  private constructor(
    path: string,
    { config, checkpoints }: Pick<RunContents, "config" | "checkpoints">,
    keep: number,
    release: () => Promise<void>,
  ) {
    this.path = path;
    this.config = config ?? {};
    this.#checkpoints = checkpoints;
    this.#number = checkpoints.at(-1)?.number ?? 0;
    this.#keep = keep;
    this.#release = release;
  }

  /**
   * Opens the folder of a run, and makes it if there is none. Close it at the end.
   *
   * Throws: StargradError if another process has it, or if it cannot be made; ArgumentError that lists the settings that differ from
   * those in the folder; FormatError if its `config.json` or `scores.json` is damaged
   */
  static async open(path: string, options: RunFolderOptions = {}): Promise<RunFolder> {
    expectValues("RunFolder.open", { path }, pathKind);
    expectOptions("RunFolder.open", options, { config: jsonObject, keep: wholeFrom(1) });
    const called = `RunFolder.open(${path})`;
    const { files, path: paths } = nodeModules(called);
    try {
      makeFolder(path, called);
    } catch (error) {
      throw fileError(called, "cannot make the folder", error);
    }
    const place = await files.realpath(path);
    // A process gets a lock that it has again.
    if (openFolders.has(place)) {
      throw new StargradError(called, "is open in this process already", "Close it first");
    }
    openFolders.add(place);
    const release = await lockOf(paths.join(path, "run"), place, called);
    try {
      // Without its scores, the best checkpoint would be removed.
      await readScores(path, called);
      const contents = await readRunFolder(path, called);
      const config = contents.config ?? options.config ?? {};
      expectSame(called, config, options.config ?? config);
      if (contents.config === null) await writeJson(path, "config.json", config, called);
      await removeRemains(path, called);
      return new RunFolder(path, { ...contents, config }, options.keep ?? 2, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** The checkpoints of the folder, from the oldest to the newest. */
  get checkpoints(): readonly SavedCheckpoint[] {
    return this.#checkpoints;
  }

  /** The checkpoint with the lowest score, the newest of several; null if none has a score. Load it with `loadCheckpoint(best.path)`. */
  get best(): SavedCheckpoint | null {
    return bestOf(this.#checkpoints);
  }

  /**
   * Restores a training from the newest checkpoint that is whole, as `restoreCheckpoint` does; null if the folder has none yet. A warning
   * names those that are damaged.
   *
   * Throws: FormatError if there are checkpoints, and all are damaged; ArgumentError if the checkpoint does not fit the training
   */
  async restore(training: Training): Promise<SavedCheckpoint | null> {
    this.#expectOpen("restore");
    await this.#saving;
    for (const saved of this.#checkpoints.toReversed()) {
      const checkpoint = await this.#loadUnlessDamaged(saved);
      if (checkpoint === null) continue;
      restoreCheckpoint(checkpoint, training);
      // What is damaged no longer counts among those that are kept.
      this.#checkpoints = this.#checkpoints.filter(({ number }) => number <= saved.number);
      return saved;
    }
    if (this.#checkpoints.length === 0) return null;
    throw new FormatError(
      `RunFolder.restore(${this.path})`,
      "all of its checkpoints are damaged",
      "Restore them from a copy, or begin in another folder",
    );
  }

  /**
   * Saves a training after a step or an epoch, as `saveCheckpoint` does, and then removes the checkpoints that are no longer kept. The
   * values are those at the time of the call.
   *
   * Throws: ArgumentError as `saveCheckpoint` does; StargradError if the folder was closed. Not for errors of the file system
   */
  async save(training: Training, options: SaveOptions = {}): Promise<SaveOutcome> {
    this.#expectOpen("save");
    const called = "RunFolder.save";
    expectOptions(called, options, { score: ["a number", isNumber], metadata: jsonObject });
    const { score = NaN, metadata = {} } = options;
    const number = this.#number + 1;
    if (!Number.isSafeInteger(number)) {
      throw new StargradError(
        called,
        `the newest checkpoint has the largest number, ${this.#number}`,
        "Rename it",
      );
    }
    this.#number = number;
    const checkpoint = {
      path: nodeModules(called).path.join(this.path, nameOf(number)),
      number,
      // JSON has no other numbers.
      score: Number.isFinite(score) ? score : null,
    };
    // It reads the values at once.
    const writing = saveCheckpoint(checkpoint.path, { ...training, metadata });
    const saving = Promise.allSettled([this.#saving, writing]).then(async () => {
      await writing;
      await this.#list(checkpoint, called);
    });
    this.#saving = saving.catch(() => undefined);
    try {
      await saving;
      return { isSaved: true, checkpoint };
    } catch (error) {
      const code = systemCode(error);
      if (code === null) throw error;
      const reason = (error as Error).message;
      this.#tell(code, `${called}: the checkpoint was not saved, and the training goes on. ${reason}`);
      return { isSaved: false, reason };
    }
  }

  /** Waits for what is being saved, and allows other processes to have the folder. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#saving;
    await this.#release();
  }

  /** Lists a new checkpoint, and removes those that are no longer kept. */
  async #list(checkpoint: SavedCheckpoint, called: string): Promise<void> {
    const all = [...this.#checkpoints, checkpoint];
    const best = bestOf(all);
    const kept = all.filter((each, i) => i >= all.length - this.#keep || each === best);
    this.#checkpoints = kept;
    const scores: Record<string, number> = {};
    for (const { number, score } of kept) if (score !== null) scores[nameOf(number)] = score;
    const { rm } = nodeModules(called).files;
    try {
      // Before anything is removed, and only if there is something to say.
      if (Object.keys(scores).length > 0) await writeJson(this.path, "scores.json", scores, called);
      for (const { path } of all) {
        if (!kept.some((each) => each.path === path)) await rm(path, { force: true });
      }
    } catch (error) {
      // The checkpoint itself is there.
      const reason = error instanceof Error ? error.message : String(error);
      this.#tell(
        reason,
        `${called}: a checkpoint was saved, but its score or its removal was not. ${reason}`,
      );
    }
  }

  async #loadUnlessDamaged({ path }: SavedCheckpoint): Promise<Checkpoint | null> {
    try {
      return await loadCheckpoint(path);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#tell(
        path,
        `RunFolder.restore: a checkpoint is damaged, and the one before is used. ${error.message}`,
      );
      return null;
    }
  }

  #tell(key: string, message: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    warn(message);
  }

  #expectOpen(called: string): void {
    if (this.#isOpen) return;
    throw new StargradError(`RunFolder.${called}`, `${this.path} was closed`, "Open it again");
  }
}

/** The run folders that this process has open. */
const openFolders = /* @__PURE__ */ shared("run folders", () => new Set<string>());

/** The lock of a folder. The function that is returned gives it back, and the place with it. */
async function lockOf(path: string, place: string, called: string): Promise<() => Promise<void>> {
  try {
    const release = await lockFile(path, called);
    return async () => {
      openFolders.delete(place);
      await release();
    };
  } catch (error) {
    openFolders.delete(place);
    throw error;
  }
}

const isNumber = (value: unknown): boolean => typeof value === "number";

const pathKind: Kind = ["a path, as a string", (value) => typeof value === "string" && value !== ""];

/** The code of an error of the operating system, such as ENOSPC for a full disk; null if it is another one. */
function systemCode(error: unknown): string | null {
  const { cause } = Object(error) as { readonly cause?: unknown };
  return cause instanceof Error && "code" in cause ? String(cause.code) : null;
}

/** Throws: ArgumentError that lists what differs */
function expectSame(
  called: string,
  saved: Readonly<Record<string, Json>>,
  given: Readonly<Record<string, Json>>,
): void {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(given)])];
  const differing = names.filter((name) => JSON.stringify(saved[name]) !== JSON.stringify(given[name]));
  if (differing.length === 0) return;
  const writing = (value: Json | undefined): string =>
    value === undefined ? "not given" : JSON.stringify(value);
  const lines = differing.map((name) => `${name} was ${writing(saved[name])}, now ${writing(given[name])}`);
  throw new ArgumentError(
    called,
    `the run in this folder has other settings: ${lines.join("; ")}`,
    "Go on with the same settings, or begin in another folder",
  );
}
