import { ArgumentError, fromData } from "@stargrad/tensor";
import {
  anything,
  expectOptions,
  expectValues,
  listOf,
  text,
  warn,
  type Kind,
} from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "../arrays.js";
import { failing } from "../fail.js";
import type { Column } from "./column-types.js";

export interface TableDatasetOptions {
  /** The name of the column to predict. */
  readonly target: string;
  /** The names of the columns to predict from. Default: all others that are numbers, dates or categories. */
  readonly inputs?: readonly string[];
}

const millisecondsOfDay = 24 * 60 * 60 * 1000;

const namesKind: Kind = ['a list of column names, such as ["a", "b"]', listOf(text)[1]];

/** A table in memory: columns with names and types, and rows. */
export class Table {
  /** How many rows there are. */
  readonly length: number;
  readonly columns: readonly Column[];
  readonly #called: string;
  readonly #lines: Int32Array;
  readonly #unit: string;

  /** Use `readCsv` or `parseCsv`. `lines` are those of the rows in the file, or what `unit` says. */
  constructor(called: string, columns: readonly Column[], lines: Int32Array, unit = "line") {
    this.length = lines.length;
    this.columns = columns;
    this.#called = called;
    this.#lines = lines;
    this.#unit = unit;
  }

  /**
   * The column of a name.
   *
   * Throws: ArgumentError if there is none
   */
  column(name: string): Column {
    const found = this.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    const names = this.columns.map((column) => JSON.stringify(column.name)).join(", ");
    throw new ArgumentError("Table.column", `got ${JSON.stringify(name)}; expected one of ${names}`);
  }

  /** The rows in which no column has a missing value, or none of the named columns. */
  withoutMissing(names: readonly string[] = this.columns.map(({ name }) => name)): Table {
    expectValues("Table.withoutMissing", { names }, namesKind);
    const columns = names.map((name) => this.column(name));
    const rows = [...this.#lines.keys()].filter((row) => columns.every((column) => !isMissing(column, row)));
    const kept = this.columns.map((column) => keepRows(column, rows));
    return new Table(this.#called, kept, Int32Array.from(rows.map((row) => this.#lines[row])), this.#unit);
  }

  /**
   * A dataset of inputs and a target. A column of numbers or dates is one feature; one of K categories is K features, 1 for its category and 0
   * for the others. Without `inputs`, a warning names the columns of texts, which are left out.
   *
   * Shapes: x [N, features] float32; y [N], float32 for numbers and dates, int32 for categories
   * Units: dates are days since the beginning of 1970 in UTC, which float32 rounds to 3 minutes in this century
   * Throws: FormatError for a missing value, with its row and column; ArgumentError for names that are no columns, columns of texts, no
   * inputs, and a target among the inputs
   */
  dataset(options: TableDatasetOptions): TensorDataset<"x" | "y"> {
    expectOptions<TableDatasetOptions>("Table.dataset", options, { target: anything, inputs: namesKind }, [
      "target",
    ]);
    const target = this.column(options.target);
    const inputs = options.inputs?.map((name) => this.column(name)) ?? usualInputs(this.columns, target);
    if (inputs.length === 0) {
      throw new ArgumentError("Table.dataset", "got no inputs; expected columns to predict from");
    }
    if (inputs.includes(target)) {
      throw new ArgumentError(
        "Table.dataset",
        `got the target ${JSON.stringify(target.name)} among the inputs`,
        "Leave it out: a model would copy it",
      );
    }
    for (const column of [...inputs, target]) this.#expectComplete(column);
    const features = inputs.flatMap(featuresOf);
    const x = new Float32Array(this.length * features.length);
    for (const [i, feature] of features.entries()) {
      for (let row = 0; row < this.length; row++) x[row * features.length + i] = feature(row);
    }
    return arrays({
      x: fromData(x, [this.length, features.length]),
      y:
        target.type === "category"
          ? target.values
          : Float32Array.from({ length: this.length }, (_, row) => featuresOf(target)[0](row)),
    });
  }

  #expectComplete(column: Column): void {
    if (column.type === "text") {
      throw new ArgumentError(
        "Table.dataset",
        `the column ${JSON.stringify(column.name)} has texts; expected numbers, dates or categories`,
        'Read it with another type: { columns: { name: "category" } }',
      );
    }
    const row = column.values.findIndex((_, at) => isMissing(column, at));
    if (row === -1) return;
    throw failing(this.#called)(
      `row ${row + 1} (${this.#unit} ${this.#lines[row]}), column ${JSON.stringify(column.name)}: the value is missing`,
      "Leave such rows out with table.withoutMissing()",
    );
  }
}

/** All columns but the target that can be features. A warning names the others. */
function usualInputs(columns: readonly Column[], target: Column): readonly Column[] {
  const others = columns.filter((column) => column !== target);
  const texts = others.filter(({ type }) => type === "text");
  if (texts.length > 0) {
    const names = texts.map(({ name }) => JSON.stringify(name)).join(", ");
    warn(
      `Table.dataset: the columns of texts are left out: ${names}. Choose the inputs: dataset({ target, inputs: [...] }), or read them with another type: { columns: { name: "category" } }.`,
    );
  }
  return others.filter(({ type }) => type !== "text");
}

function isMissing({ type, values }: Column, row: number): boolean {
  const value = values[row];
  return value === null || Number.isNaN(value) || (type === "category" && value === -1);
}

function keepRows(column: Column, rows: readonly number[]): Column {
  if (column.type === "text") return { ...column, values: rows.map((row) => column.values[row]) };
  if (column.type === "category")
    return { ...column, values: Int32Array.from(rows.map((row) => column.values[row])) };
  return { ...column, values: Float64Array.from(rows.map((row) => column.values[row])) };
}

/** The features of a column, each as a function of the row. */
function featuresOf({ type, values, ...column }: Column): ((row: number) => number)[] {
  if (type === "date") return [(row) => values[row] / millisecondsOfDay];
  if (type !== "category") return [(row) => values[row] as number];
  const { categories } = column as { categories: readonly string[] };
  return categories.map((_, number) => (row) => (values[row] === number ? 1 : 0));
}
