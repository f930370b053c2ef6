import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import type { Checkpoint, Json } from "@stargrad/train";

/** The settings that, with the data, determine a run. They cannot change within a run. */
export type AnySettings<Settings> = { readonly [Name in keyof Settings]: number | string | null };

/** What all runs of one command have in common. */
export interface Task<Settings> {
  /** The name of the command, which its runs contain. */
  readonly name: string;
  readonly rules: Readonly<Record<keyof Settings, SettingRule>>;
  /** Throws: StargradError if a checkpoint contains a model of another task. Default: `restoreCheckpoint` tells */
  readonly expectModel?: (checkpoint: Checkpoint, path: string) => void;
}

export interface SettingRule {
  /** Its flag on the command line. */
  readonly flag: string;
  /** Whether a saved value is one that the flag accepts. */
  readonly isValid: (value: unknown) => boolean;
}

/**
 * The settings that a run has saved. `path`: the file they are in
 *
 * Throws: FormatError if some of them are missing or not valid
 */
export function settingsIn<Settings>(
  saved: Json | undefined,
  path: string,
  { rules }: Pick<Task<Settings>, "rules">,
): Settings {
  const found = new Map(Object.entries(Object(saved) as Readonly<Record<string, Json>>));
  const names = Object.keys(rules) as (keyof Settings & string)[];
  for (const name of names) {
    const value = found.get(name);
    if (rules[name].isValid(value)) continue;
    const problem = value === undefined ? "is missing" : `cannot be ${JSON.stringify(value).slice(0, 40)}`;
    throw new FormatError(
      path,
      `does not contain the settings of its run: ${name} ${problem}`,
      "Was it saved by another version, or by another program?",
    );
  }
  return Object.fromEntries(names.map((name) => [name, found.get(name)])) as Settings;
}

/** The settings of the run that a checkpoint belongs to. Throws: as {@link settingsIn} */
export function savedSettings<Settings>(
  { metadata }: Checkpoint,
  path: string,
  task: Pick<Task<Settings>, "rules">,
): Settings {
  return settingsIn(metadata["settings"], path, task);
}

/** Throws: StargradError if a setting is requested that the run does not have */
export function expectSettings<Settings extends AnySettings<Settings>>(
  path: string,
  settings: Settings,
  requested: Partial<Settings>,
  { rules }: Pick<Task<Settings>, "rules">,
): void {
  for (const name of Object.keys(rules) as (keyof Settings & string)[]) {
    if ((requested[name] ?? settings[name]) === settings[name]) continue;
    const { flag } = rules[name];
    throw new StargradError(
      path,
      `its run was started with ${flag} ${settings[name]}, now ${flag} is ${String(requested[name])}`,
      "The settings of a run cannot change: omit the flag, or start a new run",
    );
  }
}

/** Throws: StargradError if a run was saved by another command */
export function expectCommand(
  path: string,
  saved: Json | undefined,
  { name }: Pick<Task<unknown>, "name">,
): void {
  if (typeof saved !== "string" || saved === name) return;
  throw new StargradError(path, `is a run of \`${saved}\`; this is \`${name}\``, `Use \`${saved}\``);
}
