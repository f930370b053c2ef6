import { FormatError, writeFileAtomically } from "@stargrad/io";
import { fileError, nodeModules } from "@stargrad/io/internal";

import { formatJson, parseJsonObject, type Json } from "../json.js";

/** A checkpoint in a run folder. */
export interface SavedCheckpoint {
  readonly path: string;
  /** Counted from 1; the newest has the largest number. */
  readonly number: number;
  /** Lower is better, such as a loss. Null if it was saved without. */
  readonly score: number | null;
}

/** What a run folder contains. */
export interface RunContents {
  /** Null if the folder is new. */
  readonly config: Readonly<Record<string, Json>> | null;
  /** From the oldest to the newest. */
  readonly checkpoints: readonly SavedCheckpoint[];
  /** The checkpoint with the lowest score, the newest of several; null if none has a score. */
  readonly best: SavedCheckpoint | null;
}

/** The name of the file of a checkpoint. */
export function nameOf(number: number): string {
  return `checkpoint-${String(number).padStart(6, "0")}.safetensors`;
}

/**
 * Reads what is in the folder of a run, also while a process trains in it.
 *
 * Throws: StargradError if it cannot be read; FormatError if its `config.json` is none
 */
export async function readRunFolder(path: string, called = `readRunFolder(${path})`): Promise<RunContents> {
  const names = await namesIn(path, called);
  const config = names.includes("config.json") ? await readJson(path, "config.json", called) : null;
  const scores = await readScores(path, called).catch((): Readonly<Record<string, Json>> => ({}));
  const paths = nodeModules(called).path;
  const checkpoints = names.flatMap((name): SavedCheckpoint[] => {
    const number = Number(/^checkpoint-(\d{6,16})\.safetensors$/.exec(name)?.[1] ?? 0);
    // Not a name that nameOf makes: two of them would have one number.
    if (!Number.isSafeInteger(number) || number === 0 || name !== nameOf(number)) return [];
    const score = scores[name];
    return [{ path: paths.join(path, name), number, score: typeof score === "number" ? score : null }];
  });
  checkpoints.sort((a, b) => a.number - b.number);
  return { config, checkpoints, best: bestOf(checkpoints) };
}

/** The scores of checkpoints by the names of their files. Throws: FormatError if `scores.json` is damaged */
export async function readScores(path: string, called: string): Promise<Readonly<Record<string, Json>>> {
  const names = await namesIn(path, called);
  return names.includes("scores.json") ? await readJson(path, "scores.json", called) : {};
}

export function bestOf(checkpoints: readonly SavedCheckpoint[]): SavedCheckpoint | null {
  let best: SavedCheckpoint | null = null;
  for (const each of checkpoints) {
    if (each.score !== null && each.score <= (best?.score ?? Infinity)) best = each;
  }
  return best;
}

/** Removes what processes that were killed have left half-written. Call it only with the lock of the folder. */
export async function removeRemains(path: string, called: string): Promise<void> {
  const { files, path: paths } = nodeModules(called);
  for (const name of await namesIn(path, called)) {
    const isOurs = /^(checkpoint-\d+\.safetensors|(config|scores)\.json)\.[\da-f-]{36}\.partial$/.test(name);
    if (isOurs) await files.rm(paths.join(path, name), { force: true });
  }
}

export async function writeJson(
  path: string,
  name: string,
  value: Readonly<Record<string, Json>>,
  called: string,
): Promise<void> {
  const text = `${formatJson(value, called)}\n`;
  const file = nodeModules(called).path.join(path, name);
  await writeFileAtomically(file, new TextEncoder().encode(text), { called });
}

async function readJson(path: string, name: string, called: string): Promise<Readonly<Record<string, Json>>> {
  const { files, path: paths } = nodeModules(called);
  const text = await files.readFile(paths.join(path, name), "utf8").catch((error: unknown) => {
    throw fileError(called, `cannot read ${name}`, error);
  });
  try {
    return parseJsonObject(text, called);
  } catch (cause) {
    const hint =
      name === "scores.json"
        ? "Restore it, or remove it: the checkpoints so far then have no scores"
        : "Restore it, or begin in another folder";
    throw new FormatError(called, `${name} is not a JSON object`, hint, {
      cause,
    });
  }
}

async function namesIn(path: string, called: string): Promise<string[]> {
  return nodeModules(called)
    .files.readdir(path)
    .catch((error: unknown) => {
      throw fileError(called, "cannot read the folder", error);
    });
}
