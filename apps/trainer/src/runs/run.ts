import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";

import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { loadCheckpoint, type Checkpoint } from "@stargrad/train";

/** The settings that, with the data, determine a run. They cannot change within a run. */
export type AnySettings<Settings> = { readonly [Name in keyof Settings]: number | string };

/** What all runs of one command have in common. */
export interface Task<Settings> {
  /** The name of the command, which its checkpoints contain. */
  readonly name: string;
  /** Completes the requested settings of a new run with defaults. */
  complete(requested: Partial<Settings>): Settings;
  /** The command-line flag of each setting. */
  readonly flags: Readonly<Record<keyof Settings, string>>;
  /** Throws: StargradError if a checkpoint contains a model of another task */
  expectModel(checkpoint: Checkpoint, path: string): void;
}

export interface RunFile {
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
}

/**
 * Starts or resumes a run. A new run never overwrites an existing file.
 *
 * Throws: StargradError if a new run finds an existing file, if a run to resume has no file, if the folder is not
 * writable, or if the checkpoint has another model or other settings; FormatError if the checkpoint is damaged
 */
export async function openRun<Settings extends AnySettings<Settings>>(
  { checkpoint: path, resume }: RunFile,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<OpenRun<Settings>> {
  if (path === undefined) return { settings: task.complete(requested), checkpoint: null };
  return resume ? resumeRun(path, requested, task) : startRun(path, requested, task);
}

async function startRun<Settings>(
  path: string,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<OpenRun<Settings>> {
  if (await isAccessible(path, constants.F_OK)) {
    throw new StargradError(path, "already exists", "Continue its run with --resume, or choose another file");
  }
  if (!(await isAccessible(dirname(path), constants.W_OK))) {
    throw new StargradError(path, `cannot write to the folder ${dirname(path)}`, "Does it exist?");
  }
  return { settings: task.complete(requested), checkpoint: null };
}

async function resumeRun<Settings extends AnySettings<Settings>>(
  path: string,
  requested: Partial<Settings>,
  task: Task<Settings>,
): Promise<OpenRun<Settings>> {
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
    const flag = task.flags[name];
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
 * Throws: FormatError if some of them are missing
 */
export function savedSettings<Settings>(
  { metadata: { settings } }: Checkpoint,
  path: string,
  task: Task<Settings>,
): Settings {
  const defaults = task.complete({});
  const found = (typeof settings === "object" ? settings : null) as Partial<Settings> | null;
  if (namesOf(task).every((name) => typeof found?.[name] === typeof defaults[name])) return found as Settings;
  throw new FormatError(path, "does not contain the settings of its run", "Was it saved by another program?");
}

function namesOf<Settings>({ flags }: Task<Settings>): (keyof Settings)[] {
  return Object.keys(flags) as (keyof Settings)[];
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
