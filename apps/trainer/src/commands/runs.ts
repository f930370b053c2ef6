import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { readRunFolder, type Json } from "@stargrad/train";

import { existingRun, runsFolder, runsIn } from "../runs/run-places.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { sparkline } from "../terminal/text.js";
import { percent, short } from "../words/numbers.js";

export interface RunsOptions {
  readonly folder?: string;
  readonly json?: boolean;
}

interface Summary {
  readonly path: string;
  readonly config: Readonly<Record<string, Json>>;
  /** The numbers of each epoch, in their order. */
  readonly epochs: readonly Readonly<Record<string, number>>[];
  readonly best: number | null;
}

/** Lists the runs of a folder, or compares those that are named: what differs in their settings, and their curves. */
export async function runs(
  names: readonly string[],
  { folder = runsFolder, json = false }: RunsOptions,
): Promise<void> {
  const paths = names.length === 0 ? await runsIn(folder) : await Promise.all(names.map(existingRun));
  const summaries = await Promise.all(paths.map(summaryOf));
  if (json) {
    for (const { path, config, epochs, best } of summaries)
      writeJsonLine({ event: "run", path, config, epochs, best });
    return;
  }
  if (summaries.length === 0) {
    console.log(`There are no runs in ${folder}. Begin one with, for instance: cats-and-dogs`);
    return;
  }
  const settings = names.length > 1 ? differing(summaries) : ["model", "seed"];
  const rows = summaries.map((summary) => rowOf(summary, settings));
  printTable(["run", ...settings, "epochs", "held out", "right", "best", "held-out loss by epoch"], rows);
}

function rowOf({ path, config, epochs, best }: Summary, settings: readonly string[]): string[] {
  const last = epochs.at(-1);
  const losses = epochs.flatMap(({ heldOutLoss }) => (Number.isFinite(heldOutLoss) ? [heldOutLoss] : []));
  return [
    basename(path),
    ...settings.map((name) => written(config[name])),
    `${epochs.length}/${written(config["epochs"])}`,
    last?.["heldOutLoss"] === undefined ? "–" : short(last["heldOutLoss"]),
    last?.["heldOutAccuracy"] === undefined ? "–" : percent(last["heldOutAccuracy"], 1),
    best === null ? "–" : short(best),
    losses.length === 0 ? "" : sparkline(losses.slice(-60)),
  ];
}

function written(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "–";
}

/** The settings that are not the same in all runs. */
function differing(summaries: readonly Summary[]): string[] {
  const names = new Set(summaries.flatMap(({ config }) => Object.keys(config)));
  names.delete("epochs");
  return [...names].filter(
    (name) => new Set(summaries.map(({ config }) => JSON.stringify(config[name]))).size > 1,
  );
}

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
