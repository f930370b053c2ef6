import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join, sep } from "node:path";

import { StargradError } from "@stargrad/tensor";
import {
  JsonLinesLog,
  loadCheckpoint,
  readRunFolder,
  RunFolder,
  type Checkpoint,
  type Json,
  type SaveOptions,
  type SaveOutcome,
  type Training,
} from "@stargrad/train";

import type { KeptRun } from "./kept-run.js";
import { reasonOf, RunFile } from "./run-file.js";
import { existingRun, newRunFolder, runsFolder } from "./run-places.js";
import {
  expectCommand,
  expectSettings,
  savedSettings,
  settingsIn,
  type AnySettings,
  type Task,
} from "./task.js";

/** Where a command keeps its run. */
export interface RunOptions {
  /** The folder of a new run. Default: a new one in `runs`. */
  readonly run?: string | undefined;
  /** The run to go on with: its folder, or its name in `runs`; `true` for the file `checkpoint`. */
  readonly resume?: string | boolean | undefined;
  /** The one file in which the run is kept, instead of a folder. */
  readonly checkpoint?: string | undefined;
  /** The path of the data. Default: that with which the run began. */
  readonly data?: string | undefined;
}

/** What a run begins with. */
export interface RunStart<Settings> {
  readonly settings: Settings;
  /** The path of the data, from the root; null if there is none, or if it was a pipe. */
  readonly data: string | null;
  /** Of the data: see `fingerprintOf`. */
  readonly fingerprint: string;
  /** What is not fixed, such as a number of epochs that can grow. */
  readonly others?: Readonly<Record<string, Json>>;
}

/** A run before its data is read: a new one, or one that goes on. */
export interface FoundRun<Settings> {
  /** Those with which it began; null for a new run. */
  readonly settings: Settings | null;
  /** The path of the data as it was given, or else that with which the run began; null if neither is known. */
  readonly data: string | null;
  /** What its folder says besides. */
  readonly others: Readonly<Record<string, Json>>;
  /** Of a run in a file that goes on; null for others. */
  readonly checkpoint: Checkpoint | null;
  /**
   * Opens it, and keeps other processes from having it.
   *
   * Throws: StargradError if another process has it, or if its data has changed
   */
  open(start: RunStart<Settings>): Promise<KeptRun>;
}

/**
 * Finds a run to go on with, or the place of a new one. A new run never overwrites what is there.
 *
 * Throws: StargradError if a new run finds another one, if a run to resume is not there, if its folder is not writable, or if it is of another
 * command or has other settings; FormatError if it is damaged
 */
export async function findRun<Settings extends AnySettings<Settings>>(
  { run, resume = false, checkpoint, data }: RunOptions,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<FoundRun<Settings>> {
  if (typeof resume === "string") return folderToResume(await existingRun(resume), data, requested, task);
  if (checkpoint !== undefined) return inFile(checkpoint, { resume, data }, requested, task);
  if (run !== undefined) await expectNoRun(run);
  await expectWritable(run ?? runsFolder);
  return {
    settings: null,
    data: data ?? null,
    others: {},
    checkpoint: null,
    open: async (start) => {
      const path = run ?? (await newRunFolder(task.name));
      return FolderRun.open(path, configOf(task.name, start));
    },
  };
}

/** Throws: StargradError if a run goes on whose data was a pipe, and it is not given again */
export function expectData(command: string, data: string | null): string {
  if (data !== null) return data;
  throw new StargradError(command, "the run does not say where its data is", "Name it with --data");
}

function configOf<Settings extends AnySettings<Settings>>(
  command: string,
  { settings, data, fingerprint, others = {} }: RunStart<Settings>,
): Record<string, Json> {
  return { command, data, ...settings, ...others, fingerprint };
}

async function expectNoRun(path: string): Promise<void> {
  if (!(await isAccessible(join(path, "config.json"), constants.F_OK))) return;
  throw new StargradError(
    path,
    "has a run already",
    `Go on with it with --resume ${named(path)}, or name another folder`,
  );
}

/** Throws: StargradError unless a folder can be made there: it would be known only after the data was read */
async function expectWritable(path: string): Promise<void> {
  let folder = path;
  while (!(await isAccessible(folder, constants.F_OK)) && dirname(folder) !== folder)
    folder = dirname(folder);
  // The dot, because a file can be writable too.
  await access(`${folder}/.`, constants.W_OK).catch((error: unknown) => {
    throw new StargradError(path, `cannot write to ${writtenFolder(folder)}`, folderHint(error), {
      cause: error,
    });
  });
}

function writtenFolder(folder: string): string {
  return folder === "." ? "this folder" : `the folder ${folder}`;
}

async function folderToResume<Settings extends AnySettings<Settings>>(
  path: string,
  data: string | undefined,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<FoundRun<Settings>> {
  const config = (await readRunFolder(path)).config ?? {};
  expectCommand(path, config["command"], task);
  const settings = settingsIn<Settings>(config, join(path, "config.json"), task);
  expectSettings(path, settings, requested, task);
  const known = config["data"];
  return {
    settings,
    data: data ?? (typeof known === "string" ? known : null),
    others: config,
    checkpoint: null,
    open: ({ fingerprint }) => {
      expectSameData(path, config["fingerprint"], fingerprint);
      return FolderRun.open(path);
    },
  };
}

async function inFile<Settings extends AnySettings<Settings>>(
  path: string,
  { resume, data = null }: { readonly resume: boolean; readonly data?: string | null | undefined },
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<FoundRun<Settings>> {
  const file = await RunFile.of(path, () =>
    resume ? checkpointToResume(path, task) : expectNoFile(path).then(() => null),
  );
  const { checkpoint } = file;
  const settings = checkpoint === null ? null : savedSettings(checkpoint, path, task);
  if (settings !== null) expectSettings(path, settings, requested, task);
  return {
    settings,
    data,
    others: checkpoint?.metadata ?? {},
    checkpoint,
    open: async ({ fingerprint }) => {
      expectSameData(path, checkpoint?.metadata["fingerprint"], fingerprint);
      await file.lock();
      return file;
    },
  };
}

async function expectNoFile(path: string): Promise<void> {
  if (await isAccessible(path, constants.F_OK)) {
    throw new StargradError(path, "already exists", "Continue its run with --resume, or choose another file");
  }
  const folder = dirname(path);
  // The dot, because a file can be writable too.
  await access(`${folder}/.`, constants.W_OK).catch((error: unknown) => {
    throw new StargradError(path, `cannot write to the folder ${folder}`, folderHint(error), {
      cause: error,
    });
  });
}

async function checkpointToResume<Settings>(path: string, task: Task<Settings>): Promise<Checkpoint> {
  if (!(await isAccessible(path, constants.F_OK))) {
    throw new StargradError(path, "there is no such file to resume", "Start a new run without --resume");
  }
  const checkpoint = await loadCheckpoint(path);
  const { lesson: saved } = checkpoint.metadata;
  if (typeof saved === "string" && saved !== task.name) {
    throw new StargradError(path, `was saved by \`${saved}\`; this is \`${task.name}\``);
  }
  task.expectModel?.(checkpoint, path);
  return checkpoint;
}

/** Throws: StargradError if the data is not that with which the run began: it would go on as another run */
function expectSameData(path: string, saved: Json | undefined, fingerprint: string): void {
  // Runs of earlier versions do not say it.
  if (typeof saved !== "string" || saved === fingerprint) return;
  throw new StargradError(
    path,
    "the data is not the same as when its run began",
    "Restore it, or name where it is with --data; for other data, start a new run",
  );
}

/** A run in a folder, with a log. */
class FolderRun implements KeptRun {
  readonly path: string;
  readonly resumeOptions: string;
  readonly #folder: RunFolder;
  readonly #log: JsonLinesLog;
  /** The last reason that was told. */
  #told = "";

  private constructor(folder: RunFolder, log: JsonLinesLog) {
    this.path = folder.path;
    this.resumeOptions = `--resume ${named(folder.path)}`;
    this.#folder = folder;
    this.#log = log;
  }

  /** `config`: of a new run */
  static async open(path: string, config?: Record<string, Json>): Promise<FolderRun> {
    const folder = await RunFolder.open(path, config === undefined ? {} : { config });
    try {
      return new FolderRun(folder, new JsonLinesLog(join(path, "log.jsonl")));
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  async restore(training: Training): Promise<Checkpoint | null> {
    const saved = await this.#folder.restore(training);
    return saved === null ? null : loadCheckpoint(saved.path);
  }

  save(training: Training, options: SaveOptions): Promise<SaveOutcome> {
    return this.#folder.save(training, options);
  }

  log(at: number, figures: Readonly<Record<string, number>>): void {
    try {
      this.#log.log(at, figures);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#told) console.warn(`The log was not written, and the training goes on. ${reason}`);
      this.#told = reason;
    }
  }

  async close(): Promise<void> {
    this.#log.close();
    await this.#folder.close();
  }
}

/** The path of a run as a name that means nothing else: a name without a folder is looked for in `runs`. */
function named(path: string): string {
  return path.includes(sep) || path.includes("/") ? path : `./${path}`;
}

/** What to try after an error of the operating system about the folder of a file. */
export function folderHint(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "It does not exist: create it first, or name another one";
  if (code === "ENOTDIR") return "It is no folder: name another one";
  return "It is read-only, or belongs to another user: name another one";
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
