import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";

import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { loadCheckpoint, type Checkpoint } from "@stargrad/train";

/** What decides the course of a run, apart from what it learns from. A run keeps its settings to its end. */
export type AnySettings<Settings> = { readonly [Name in keyof Settings]: number | string };

/** What a lesson's runs have in common. */
export interface Lesson<Settings> {
  /** What its command is called; its checkpoints say it. */
  readonly name: string;
  /** The settings of a new run: those that were asked for, and defaults. */
  settle(asked: Partial<Settings>): Settings;
  /** By which flag each setting is asked for. */
  readonly flags: Readonly<Record<keyof Settings, string>>;
  /** Throws: StargradError if a checkpoint is not of this lesson's model */
  expectModel(checkpoint: Checkpoint, path: string): void;
}

export interface Place {
  /** Where the run is saved; undefined if it is not. */
  readonly checkpoint: string | undefined;
  /** Whether it goes on from there, or starts there. */
  readonly resume: boolean;
}

/** A run at its start, or where its checkpoint left it. */
export interface OpenRun<Settings> {
  readonly settings: Settings;
  /** Null at its start. */
  readonly checkpoint: Checkpoint | null;
}

/**
 * Opens a run so that nothing can be lost: a new one never takes the place of a file that is there.
 *
 * Throws: StargradError if there is a file and should not be, or should be and is not, if it could not be written later,
 * or if it was made by another model or with other settings; FormatError if it is damaged
 */
export async function openRun<Settings extends AnySettings<Settings>>(
  { checkpoint: path, resume }: Place,
  asked: Partial<Settings>,
  lesson: Lesson<Settings>,
): Promise<OpenRun<Settings>> {
  if (path === undefined) return { settings: lesson.settle(asked), checkpoint: null };
  return resume ? resumeRun(path, asked, lesson) : startRun(path, asked, lesson);
}

async function startRun<Settings>(
  path: string,
  asked: Partial<Settings>,
  lesson: Lesson<Settings>,
): Promise<OpenRun<Settings>> {
  if (await can("be seen", path)) {
    throw new StargradError(path, "is there already", "Go on from it with --resume, or name another file");
  }
  if (!(await can("be written to", dirname(path)))) {
    throw new StargradError(path, `cannot write to the folder ${dirname(path)}`, "Does it exist?");
  }
  return { settings: lesson.settle(asked), checkpoint: null };
}

async function resumeRun<Settings extends AnySettings<Settings>>(
  path: string,
  asked: Partial<Settings>,
  lesson: Lesson<Settings>,
): Promise<OpenRun<Settings>> {
  if (!(await can("be seen", path))) {
    throw new StargradError(path, "there is no such file to resume", "Leave --resume out to start it");
  }
  const checkpoint = await loadCheckpoint(path);
  const { lesson: saved } = checkpoint.metadata;
  if (typeof saved === "string" && saved !== lesson.name) {
    throw new StargradError(path, `was saved by \`${saved}\`; this is \`${lesson.name}\``);
  }
  lesson.expectModel(checkpoint, path);
  const settings = savedSettings(checkpoint, path, lesson);
  for (const name of namesOf(lesson)) {
    if ((asked[name] ?? settings[name]) === settings[name]) continue;
    const flag = lesson.flags[name];
    throw new StargradError(
      path,
      `its run was started with ${flag} ${settings[name]}, now ${flag} is ${String(asked[name])}`,
      "A run keeps its settings: leave the flag out, or start another run in another file",
    );
  }
  return { settings, checkpoint };
}

/**
 * The settings of the run that a checkpoint is of.
 *
 * Throws: FormatError if they are not there, or not all of them
 */
export function savedSettings<Settings>(
  { metadata: { settings } }: Checkpoint,
  path: string,
  lesson: Lesson<Settings>,
): Settings {
  const defaults = lesson.settle({});
  const found = (typeof settings === "object" ? settings : null) as Partial<Settings> | null;
  if (namesOf(lesson).every((name) => typeof found?.[name] === typeof defaults[name]))
    return found as Settings;
  throw new FormatError(path, "does not say with which settings its run was started", "What saved it?");
}

function namesOf<Settings>({ flags }: Lesson<Settings>): (keyof Settings)[] {
  return Object.keys(flags) as (keyof Settings)[];
}

async function can(what: "be seen" | "be written to", path: string): Promise<boolean> {
  return access(path, what === "be seen" ? constants.F_OK : constants.W_OK).then(
    () => true,
    () => false,
  );
}
