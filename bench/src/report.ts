import { coldStartName, type Milestone } from "./cold-start/cold-start.js";
import type { Growth } from "./first-steps/growth.js";
import type { FirstStepRow } from "./first-steps/measure-first-steps.js";
import type { Timing } from "./measure.js";
import { ratiosOf, type Ratio } from "./ratios.js";
import type { Row } from "./row.js";
import type { Workload } from "./workload.js";

/** The JSON record of a row. */
export function rowRecord(row: Row): object {
  const { workload, engine } = row;
  if ("failure" in row) return { workload: workload.name, engine, failure: row.failure };
  const { rate, unit } = rateOf(row);
  return { workload: workload.name, engine, ...row.timing, rate, unit, share: row.share };
}

const columns = [
  { title: "engine", width: 30, right: false },
  { title: "median ms", width: 10, right: true },
  { title: "fastest", width: 10, right: true },
  { title: "slowest", width: 10, right: true },
  { title: "rate", width: 14, right: true },
  { title: "of limit", width: 9, right: true },
];

export const heading = write(columns.map(({ title }) => title));

/** The table of one workload: its name, and a line for each contestant. */
export function table({ name }: Workload, rows: readonly Row[]): string {
  const lines = rows.map((row) => `  ${line(row)}`);
  return [name, ...lines, ...ratiosOf(rows).map(ratioLine)].join("\n");
}

function ratioLine({ party, other, ratio }: Ratio): string {
  return `    best of ${party} / best of ${other}: ${digits(ratio)} ×`;
}

/** The table of a cold start: the end of each part. */
export function coldStartTable(milestones: readonly Milestone[]): string {
  return [
    coldStartName,
    ...milestones.map(({ part, timing }) => `  ${write([part, ...times(timing)])}`),
  ].join("\n");
}

/** The JSON records of a cold start, one for each part. */
export function coldStartRecords(milestones: readonly Milestone[]): object[] {
  return milestones.map(({ part, timing }) => ({ workload: coldStartName, part, ...timing }));
}

/** The table of a first step: the CPU time of each participant. */
export function firstStepTable(rows: readonly FirstStepRow[]): string {
  const lines = rows.map((row) =>
    "failure" in row
      ? `${row.engine.padEnd(columns[0].width)}  ${row.failure}`
      : write([row.engine, ...times(row.timing)]),
  );
  return [rows[0].step.name, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** The JSON record of a row of first steps. */
export function firstStepRecord({ step, party: _, ...row }: FirstStepRow): object {
  const { engine } = row;
  const found = "failure" in row ? { failure: row.failure } : row.timing;
  return { firstStep: step.name, engine, ...found };
}

/** The table of the growth of first steps with the length of a program. */
export function growthTable(growths: readonly Growth[]): string {
  const lines = growths.map(({ family, party, best, factors }) => {
    const grown = factors.map((factor) => `${factor.toFixed(2)} ×`).join(", ");
    return `  ${`${family}, ${party}`.padEnd(columns[0].width)}  ${best.map(digits).join(" → ")} ms: ${grown}`;
  });
  return [
    "growth of the first step's CPU time, fastest runs, each length twice the previous one",
    ...lines,
  ].join("\n");
}

function line(row: Row): string {
  if ("failure" in row) return `${row.engine.padEnd(columns[0].width)}  ${row.failure}`;
  const { rate, unit } = rateOf(row);
  return write([
    row.engine,
    ...times(row.timing),
    `${digits(rate)} ${unit}`,
    `${(100 * row.share).toFixed(row.share < 0.1 ? 1 : 0)} %`,
  ]);
}

function times({ median, fastest, slowest }: Timing): string[] {
  return [median, fastest, slowest].map(digits);
}

function rateOf({ workload: { limit }, timing }: Extract<Row, { timing: Timing }>): {
  rate: number;
  unit: string;
} {
  const [work, unit] = "operations" in limit ? [limit.operations, "GFLOP/s"] : [limit.bytes, "GB/s"];
  return { rate: work / timing.median / 1e6, unit };
}

/** Formats a number with three significant digits. */
function digits(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1e-3))));
  return value.toFixed(decimals);
}

function write(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (columns[i].right ? cell.padStart(columns[i].width) : cell.padEnd(columns[i].width)))
    .join("  ");
}
