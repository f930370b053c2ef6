import { availableParallelism } from "node:os";

/** What `train` of projects/training.js returns. */
export interface Report {
  readonly engine: string;
  readonly threads: number;
  readonly first: number;
  readonly last: number;
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** A line of the table. */
export interface Row {
  readonly project: string;
  readonly what: string;
  readonly engine: string;
  readonly seconds: number;
  /** What is wrong; empty if nothing is. */
  readonly problems: readonly string[];
}

/** Checks a training: the loss falls, WebAssembly computes, several threads if they are promised, and nothing is complained about. */
export function rowOf(project: string, what: string, report: Report, { threads }: { threads: boolean }): Row {
  const { engine, first, last, warnings, seconds } = report;
  const cores = availableParallelism();
  const problems = [
    ...(last < first / 10 ? [] : [`the loss went from ${first} to ${last}`]),
    ...(engine === "wasm" ? [] : [`the engine is ${engine}`]),
    ...(threads && cores > 1 && report.threads === 1 ? ["it has one thread"] : []),
    ...warnings.map((warning) => `it warned: ${warning}`),
  ];
  const used = report.threads === 1 ? engine : `${engine}, ${report.threads} threads`;
  return { project, what, engine: used, seconds, problems };
}

/** What a tool printed must contain no warning. */
export function warningsIn(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => /\bwarn|⚠|deprecat/i.test(line))
    .map((line) => `the tool printed: ${line.trim()}`);
}

export function tableOf(rows: readonly Row[]): string {
  const cells = [
    ["project", "what was trained", "engine", "seconds"],
    ...rows.map(({ project, what, engine, seconds }) => [project, what, engine, seconds.toFixed(1)]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column].length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
