import { readCsv, type Table } from "@stargrad/datasets";
import { StargradError } from "@stargrad/tensor";

import { most, onGrid, type OwnPoint } from "./settings.js";

// A file of the visitor's becomes points: two columns of numbers, and a column of labels.

/** The largest file, in bytes, and the most values that a column of labels may have. */
const largest = 8 * 2 ** 20;
const mostLabels = 20;

/** What a file has to choose from. */
export interface FileColumns {
  readonly rows: number;
  /** The names of columns of numbers that are not the same everywhere. */
  readonly numbers: readonly string[];
  /** The columns that can be labels, with their values. */
  readonly labels: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** What the visitor chose. */
export interface FileChoice {
  readonly x: string;
  readonly y: string;
  readonly label: string;
  /** The value of the label whose points are blue; all others are orange. */
  readonly blue: string;
}

type SomeFile = Blob & { readonly name: string };

/** Reads a file. Throws: StargradError with a sentence for the visitor */
export async function tableOf(file: SomeFile): Promise<Table> {
  if (file.size > largest) {
    throw new StargradError(
      "CSV",
      `${shortened(file.name)} has ${file.size} bytes; at most ${largest} are read`,
    );
  }
  const table = await readCsv(file, { delimiter: delimiterOf(file.name, await file.slice(0, 4096).text()) });
  const { numbers, labels } = columnsOf(table);
  if (numbers.length < 2) {
    const problem = `${shortened(file.name)} has ${numbers.length} columns of numbers that differ; expected at least two`;
    throw new StargradError(
      "CSV",
      problem,
      "Two columns of numbers place the points, and a third one colours them",
    );
  }
  if (labels.length === 0) {
    const problem = `${shortened(file.name)} has no column with 2 to ${mostLabels} different values`;
    throw new StargradError(
      "CSV",
      problem,
      "Such a column colours the points: one value is blue, the others are orange",
    );
  }
  return table;
}

function delimiterOf(name: string, beginning: string): string {
  const [first] = beginning.split(/\r?\n/, 1);
  const counts = [",", ";", "\t"].map((delimiter) => first.split(delimiter).length);
  const best = counts.indexOf(Math.max(...counts));
  return counts[best] === 1 && /\.(tsv|tab)$/i.test(name) ? "\t" : [",", ";", "\t"][best];
}

export function columnsOf(table: Table): FileColumns {
  const numbers = table.columns.filter(({ type, values }) => {
    if (type !== "number") return false;
    const present = Array.from(values).filter(Number.isFinite);
    return new Set(present).size > 1;
  });
  const labels = table.columns.flatMap(({ name }) => {
    const values = [...new Set(labelsOf(table, name))].filter((value) => value !== null).sort();
    return values.length >= 2 && values.length <= mostLabels ? [{ name, values }] : [];
  });
  return { rows: table.length, numbers: numbers.map(({ name }) => name), labels };
}

/** The values of a column as texts; null where one is missing. */
function labelsOf(table: Table, name: string): (string | null)[] {
  const column = table.column(name);
  if (column.type === "text") return [...column.values];
  if (column.type === "category")
    return Array.from(column.values, (value) => (value < 0 ? null : column.categories[value]));
  return Array.from(column.values, (value) => (Number.isFinite(value) ? String(value) : null));
}

/** The points of a file, at most as many as the playground has room for, spread evenly over its rows. */
export function pointsOfTable(table: Table, { x, y, label, blue }: FileChoice): OwnPoint[] {
  const [xs, ys] = [x, y].map((name) => Array.from(table.column(name).values as Iterable<number>));
  const labels = labelsOf(table, label);
  const whole = labels.flatMap((value, i) =>
    value !== null && Number.isFinite(xs[i]) && Number.isFinite(ys[i]) ? [i] : [],
  );
  if (whole.length < 10) {
    throw new StargradError(
      "CSV",
      `only ${whole.length} rows have both numbers and a label; expected at least 10`,
    );
  }
  const count = Math.min(whole.length, most.points);
  const chosen = Array.from({ length: count }, (_, i) => whole[Math.floor((i * whole.length) / count)]);
  const [across, up] = [scaleOf(xs, chosen), scaleOf(ys, chosen)];
  const points = chosen.map((i): OwnPoint => ({
    x: across(xs[i]),
    y: up(ys[i]),
    label: labels[i] === blue ? 1 : 0,
  }));
  if (new Set(points.map((point) => point.label)).size < 2) {
    throw new StargradError(
      "CSV",
      "all points have the same colour",
      "Choose another column or value for blue",
    );
  }
  return points;
}

/** From the numbers of a column to the picture, with a margin. */
function scaleOf(values: readonly number[], chosen: readonly number[]): (value: number) => number {
  const present = chosen.map((i) => values[i]);
  const [low, high] = [Math.min(...present), Math.max(...present)];
  return (value) => onGrid(high === low ? 0 : 0.95 * ((2 * (value - low)) / (high - low) - 1));
}

function shortened(name: string): string {
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}
