import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";

import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { loadCheckpoint, type Checkpoint, type Json } from "@stargrad/train";

import { RunFile } from "./run-file.js";

/** The settings that, with the data, determine a run. They cannot change within a run. */
export type AnySettings<Settings> = { readonly [Name in keyof Settings]: number | string };

/** What all runs of one command have in common. */
export interface Task<Settings> {
  /** The name of the command, which its checkpoints contain. */
  readonly name: string;
  /** Completes the requested settings of a new run with defaults. */
  complete(requested: Partial<Settings>): Settings;
  readonly rules: Readonly<Record<keyof Settings, SettingRule>>;
  /** Throws: StargradError if a checkpoint contains a model of another task */
  expectModel(checkpoint: Checkpoint, path: string): void;
}

export interface SettingRule {
  /** Its flag on the command line. */
  readonly flag: string;
  /** Whether a value from a checkpoint is one that the flag accepts. */
  readonly isValid: (value: unknown) => boolean;
}

export interface RunLocation {
  /** Where to save the run; undefined if it is not saved. */
  readonly checkpoint: string | undefined;
  /** Whether to continue the run in that file instead of starting a new one. */
  readonly resume: boolean;
}

/** A run at its start, or at the state of its checkpoint. */
export interface OpenRun<Settings> {
  readonly settings: Settings;
  /** Null at the start of a run. */
  readonly checkpoint: Checkpoint | null;
  /** Null if the run is not saved. */
  readonly file: RunFile | null;
}

/**
 * Starts or resumes a run. A new run never overwrites an existing file. Before it trains, it locks the file.
 *
 * Throws: StargradError if a new run finds an existing file, if a run to resume has no file, if the folder is not
 * writable, or if the checkpoint has another model or other settings; FormatError if the checkpoint is damaged
 */
export async function openRun<Settings extends AnySettings<Settings>>(
  { checkpoint: path, resume }: RunLocation,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<OpenRun<Settings>> {
  if (path === undefined) return { settings: task.complete(requested), checkpoint: null, file: null };
  const file = await RunFile.of(path);
  const run = await (resume ? resumeRun(path, requested, task) : startRun(path, requested, task));
  return { ...run, file };
}

async function startRun<Settings>(
  path: string,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<Omit<OpenRun<Settings>, "file">> {
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
  return { settings: task.complete(requested), checkpoint: null };
}

async function resumeRun<Settings extends AnySettings<Settings>>(
  path: string,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<Omit<OpenRun<Settings>, "file">> {
  if (!(await isAccessible(path, constants.F_OK))) {
    throw new StargradError(path, "there is no such file to resume", "Start a new run without --resume");
  }
  const checkpoint = await loadCheckpoint(path);
  const { lesson: saved } = checkpoint.metadata;
  if (typeof saved === "string" && saved !== task.name) {
    throw new StargradError(path, `was saved by \`${saved}\`; this is \`${task.name}\``);
  }
  task.expectModel(checkpoint, path);
  const settings = savedSettings(checkpoint, path, task);
  for (const name of namesOf(task)) {
    if ((requested[name] ?? settings[name]) === settings[name]) continue;
    const { flag } = task.rules[name];
    throw new StargradError(
      path,
      `its run was started with ${flag} ${settings[name]}, now ${flag} is ${String(requested[name])}`,
      "The settings of a run cannot change: omit the flag, or start a new run in another file",
    );
  }
  return { settings, checkpoint };
}

/**
 * The settings of the run that a checkpoint belongs to.
 *
 * Throws: FormatError if some of them are missing or not valid
 */
export function savedSettings<Settings>(
  { metadata: { settings } }: Checkpoint,
  path: string,
  task: Task<Settings>,
): Settings {
  const found = new Map(Object.entries(Object(settings) as Readonly<Record<string, Json>>));
  for (const name of namesOf(task)) {
    const value = found.get(name);
    if (task.rules[name].isValid(value)) continue;
    const problem = value === undefined ? "is missing" : `cannot be ${JSON.stringify(value).slice(0, 40)}`;
    throw new FormatError(
      path,
      `does not contain the settings of its run: ${name} ${problem}`,
      "Was it saved by another program?",
    );
  }
  return Object.fromEntries(found) as Settings;
}

function namesOf<Settings>({ rules }: Task<Settings>): (keyof Settings & string)[] {
  return Object.keys(rules) as (keyof Settings & string)[];
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
