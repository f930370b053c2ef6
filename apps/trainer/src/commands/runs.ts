import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { StargradError } from "@stargrad/tensor";
import { readRunFolder, type Json } from "@stargrad/train";

import { existingRun, runsFolder, runsIn } from "../runs/run-places.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { reportError } from "../terminal/report-error.js";
import { sparkline } from "../terminal/text.js";
import { percent, short } from "../words/numbers.js";

export interface RunsOptions {
  readonly folder?: string;
  readonly json?: boolean;
}

interface Summary {
  readonly path: string;
  readonly config: Readonly<Record<string, Json>>;
  /** The numbers that were logged after each epoch, or after every so many steps of a text, in their order. */
  readonly epochs: readonly Readonly<Record<string, number>>[];
  readonly best: number | null;
}

/**
 * Lists the runs of a folder, or compares those that are named: what differs in their settings, and their curves. A run that is damaged is
 * reported, and the others are listed.
 */
export async function runs(
  names: readonly string[],
  { folder = runsFolder, json = false }: RunsOptions,
): Promise<void> {
  const paths =
    names.length === 0 ? await runsIn(folder) : await Promise.all(names.map((name) => existingRun(name)));
  const found = await Promise.all(paths.map((path) => summaryOf(path).catch(reported)));
  const summaries = found.filter((summary) => summary !== null);
  if (json) {
    for (const { path, config, epochs, best } of summaries)
      writeJsonLine({ event: "run", path, config, epochs, best });
    return;
  }
  if (summaries.length === 0) {
    if (paths.length > 0) return;
    console.log(`There are no runs in ${folder}. Begin one with, for instance: cats-and-dogs`);
    return;
  }
  const settings = names.length > 1 ? differing(summaries) : ["model", "seed"];
  const rows = summaries.map((summary) => rowOf(summary, settings));
  printTable(
    ["run", ...settings, "done", "held out", "right", "best", "held-out loss from then to now"],
    rows,
  );
}

/** Prints an error of the files of a run. Throws: any other */
function reported(error: unknown): null {
  if (!(error instanceof StargradError)) throw error;
  process.exitCode = reportError(error, {});
  return null;
}

function rowOf({ path, config, epochs, best }: Summary, settings: readonly string[]): string[] {
  const last = epochs.at(-1);
  const losses = epochs.flatMap(({ heldOutLoss }) => (Number.isFinite(heldOutLoss) ? [heldOutLoss] : []));
  return [
    basename(path),
    ...settings.map((name) => written(config[name])),
    doneOf({ config, epochs }),
    last?.["heldOutLoss"] === undefined ? "–" : short(last["heldOutLoss"]),
    last?.["heldOutAccuracy"] === undefined ? "–" : percent(last["heldOutAccuracy"], 1),
    best === null ? "–" : short(best),
    losses.length === 0 ? "" : sparkline(losses.slice(-60)),
  ];
}

/** How far a run is: "3/8 epochs", "500/2500 steps". */
function doneOf({ config, epochs }: Pick<Summary, "config" | "epochs">): string {
  const unit = Object.hasOwn(config, "steps") ? "steps" : "epochs";
  const done = epochs.at(-1)?.["step"] ?? 0;
  // A run of digits may have got more epochs than it began with.
  const all = config[unit];
  return `${done}/${typeof all === "number" ? Math.max(all, done) : "–"} ${unit}`;
}

function written(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "–";
}

/** The settings that all runs have, but not the same. */
function differing(summaries: readonly Summary[]): string[] {
  const [first, ...others] = summaries.map(({ config }) => config);
  return Object.keys(first).filter(
    (name) =>
      !shownOtherwise.includes(name) &&
      others.every((config) => Object.hasOwn(config, name)) &&
      others.some((config) => JSON.stringify(config[name]) !== JSON.stringify(first[name])),
  );
}

/** What a run has done tells how much it was to do; no person reads a fingerprint, and equal paths may hold other data. */
const shownOtherwise = ["epochs", "steps", "fingerprint"];

async function summaryOf(path: string): Promise<Summary> {
  const { config, best } = await readRunFolder(path);
  return {
    path,
    config: config ?? {},
    epochs: await epochsIn(join(path, "log.jsonl")),
    best: best?.score ?? null,
  };
}

/** The epochs of a log. One that was trained again after an interruption is there twice; the last one counts. */
async function epochsIn(log: string): Promise<Readonly<Record<string, number>>[]> {
  const text = await readFile(log, "utf8").catch(() => "");
  const epochs = new Map<number, Readonly<Record<string, number>>>();
  for (const line of text.split("\n")) {
    // A line that a power cut has cut off is none.
    const numbers = parsed(line);
    if (numbers !== null) epochs.set(numbers["step"], numbers);
  }
  return [...epochs].sort(([a], [b]) => a - b).map(([, numbers]) => numbers);
}

function parsed(line: string): Readonly<Record<string, number>> | null {
  try {
    const value = JSON.parse(line) as Readonly<Record<string, number>> | null;
    return typeof value?.["step"] === "number" ? value : null;
  } catch {
    return null;
  }
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    );
  }
}
