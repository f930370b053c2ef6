import { coldStartName, type Milestone } from "./cold-start/cold-start.js";
import type { Growth } from "./first-steps/growth.js";
import type { FirstStepRow } from "./first-steps/measure-first-steps.js";
import type { Timing } from "./measure.js";
import { ratiosOf, type Ratio } from "./ratios.js";
import type { Row } from "./row.js";
import type { Workload } from "./workload.js";

/** A row for programs. */
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

/** One workload for people: its name, and a line for everybody. */
export function table({ name }: Workload, rows: readonly Row[]): string {
  const lines = rows.map((row) => `  ${line(row)}`);
  return [name, ...lines, ...ratiosOf(rows).map(ratioLine)].join("\n");
}

function ratioLine({ party, other, ratio }: Ratio): string {
  return `    best of ${party} / best of ${other}: ${digits(ratio)} ×`;
}

/** A cold start for people: when each part was done. */
export function coldStartTable(milestones: readonly Milestone[]): string {
  return [
    coldStartName,
    ...milestones.map(({ part, timing }) => `  ${write([part, ...times(timing)])}`),
  ].join("\n");
}

/** A cold start for programs, a record for each part. */
export function coldStartRecords(milestones: readonly Milestone[]): object[] {
  return milestones.map(({ part, timing }) => ({ workload: coldStartName, part, ...timing }));
}

/** A first step for people: everybody's CPU time. */
export function firstStepTable(rows: readonly FirstStepRow[]): string {
  const lines = rows.map((row) =>
    "failure" in row
      ? `${row.engine.padEnd(columns[0].width)}  ${row.failure}`
      : write([row.engine, ...times(row.timing)]),
  );
  return [rows[0].step.name, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** The same for programs. */
export function firstStepRecord({ step, party: _, ...row }: FirstStepRow): object {
  const { engine } = row;
  const found = "failure" in row ? { failure: row.failure } : row.timing;
  return { firstStep: step.name, engine, ...found };
}

/** How first steps grow with a program's length, for people. */
export function growthTable(growths: readonly Growth[]): string {
  const lines = growths.map(({ family, party, best, factors }) => {
    const grown = factors.map((factor) => `${factor.toFixed(2)} ×`).join(", ");
    return `  ${`${family}, ${party}`.padEnd(columns[0].width)}  ${best.map(digits).join(" → ")} ms: ${grown}`;
  });
  return [
    "growth of the first step's CPU time, fastest runs, each length twice the one before",
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

/** Three digits that count, however large the number. */
function digits(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1e-3))));
  return value.toFixed(decimals);
}

function write(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (columns[i].right ? cell.padStart(columns[i].width) : cell.padEnd(columns[i].width)))
    .join("  ");
}
