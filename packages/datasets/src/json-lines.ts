import { expectOptions, expectValues, isRecord, text as textKind } from "@stargrad/tensor/internal";

import { columnOf, inferTextType, type Column, type ColumnType, type Refuse } from "./csv/column-types.js";
import { csvSource, nameOf, piecesOf, typesOf } from "./csv/csv.js";
import { Table } from "./csv/table.js";
import { textsOf, type CsvSource } from "./csv/texts.js";
import { failing, reasonOf, type Fail } from "./fail.js";

export interface JsonLinesOptions {
  /** The types of columns, by name. Default: what all values of a column are (see {@link parseJsonLines}). */
  readonly columns?: Readonly<Record<string, ColumnType>>;
}

const kinds = {
  columns: ['an object with types, such as { city: "category" }', isRecord],
} as const;

/** The most characters of a line. A file without line ends would otherwise be collected whole. */
const longestLine = 2 ** 24;

/** The most values, missing ones included, for each character of a file: many lines with a new name each would fill the memory. */
const valuesPerCharacter = 16;

/**
 * Reads JSON lines from a text: a JSON object on each line, whose names are the columns. Empty lines are left out. A name that a line
 * lacks, and null, are missing values.
 *
 * Types: a column is of numbers if all its values are; the texts "NaN", "Infinity" and "-Infinity" count as numbers beside others, as
 * `JsonLinesLog` writes them. Texts are dates, categories or texts, as in {@link parseCsv}, and never numbers. true and false count as
 * the texts "true" and "false", and lists and objects as texts in JSON. `columns` gives other types.
 *
 * Throws: FormatError, with the line, for what is no JSON object, for a number that float64 would round, and for values that do not have
 * the type; ArgumentError for types of columns that do not exist
 */
export async function parseJsonLines(text: string, options: JsonLinesOptions = {}): Promise<Table> {
  expectValues("parseJsonLines", { text }, textKind);
  expectOptions<JsonLinesOptions>("parseJsonLines", options, kinds);
  return tableOf("parseJsonLines", piecesOf(text), options);
}

/**
 * Reads JSON lines piece by piece, as {@link parseJsonLines} does: from a path, a `File` or `Blob` of a page, or a stream of bytes.
 *
 * Throws: as {@link parseJsonLines}, naming the file; FormatError unless it is UTF-8; StargradError if it cannot be read
 */
export async function readJsonLines(source: CsvSource, options: JsonLinesOptions = {}): Promise<Table> {
  expectValues("readJsonLines", { source }, csvSource);
  const called = `readJsonLines(${nameOf(source)})`;
  expectOptions<JsonLinesOptions>(called, options, kinds);
  return tableOf(called, textsOf(called, source), options);
}

/** The values of a column, as texts, and what they are. */
interface Values {
  readonly texts: (string | null)[];
  numbers: number;
  /** NaN and infinities, as texts. */
  special: number;
  others: number;
}

const specialNumbers = ["NaN", "Infinity", "-Infinity"];

async function tableOf(
  called: string,
  pieces: AsyncIterable<string>,
  options: JsonLinesOptions,
): Promise<Table> {
  const fail = failing(called);
  const columns = new Map<string, Values>();
  const lines: number[] = [];
  let characters = 0;
  for await (const { text, line } of linesOf(pieces, fail)) {
    characters += text.length + 1;
    for (const [name, value] of Object.entries(objectOf(text, line, fail))) {
      let values = columns.get(name);
      if (values === undefined)
        columns.set(name, (values = { texts: [], numbers: 0, special: 0, others: 0 }));
      values.texts.length = lines.length;
      add(values, value);
    }
    lines.push(line);
    if (columns.size * lines.length <= Math.max(valuesPerCharacter * characters, 2 ** 20)) continue;
    const problem = `line ${line}: ${lines.length} lines with ${columns.size} different names, most of which are missing`;
    throw fail(problem, "Divide the file, or give the lines the same names");
  }
  const types = typesOf(called, options.columns ?? {}, [...columns.keys()]);
  const made = [...columns].map(([name, { texts, ...counts }]) => {
    const all = Array.from({ length: lines.length }, (_, row) => texts[row] ?? null);
    const refuse: Refuse = (row, problem) => {
      throw fail(`row ${row + 1} (line ${lines[row]}), column ${JSON.stringify(name)}: ${problem}`);
    };
    return columnFrom(name, { texts: all, ...counts }, types.get(name), refuse);
  });
  return new Table(called, made, Int32Array.from(lines));
}

function add(values: Values, value: unknown): void {
  if (value === null) {
    values.texts.push(null);
    return;
  }
  if (typeof value === "number") values.numbers++;
  else if (specialNumbers.includes(value as string)) values.special++;
  else values.others++;
  values.texts.push(typeof value === "string" ? value : JSON.stringify(value));
}

function columnFrom(
  name: string,
  { texts, numbers, special, others }: Values,
  type: ColumnType | undefined,
  refuse: Refuse,
): Column {
  const isNumeric = others === 0 && (numbers > 0 || special === 0);
  if (isNumeric && (type ?? "number") === "number") {
    return {
      type: "number",
      name,
      values: Float64Array.from(texts.map((text) => (text === null ? NaN : Number(text)))),
    };
  }
  return columnOf(name, texts, type ?? inferTextType(texts), refuse);
}

function objectOf(text: string, line: number, fail: Fail): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(`line ${line} is no JSON: ${reasonOf(cause)}`, "Each line is one JSON object", cause);
  }
  if (!isRecord(value) || Array.isArray(value)) {
    throw fail(
      `line ${line} is ${Array.isArray(value) ? "a list" : String(value).slice(0, 40)}; expected a JSON object`,
    );
  }
  for (const [name, each] of Object.entries(value)) {
    if (typeof each !== "number" || Number.isSafeInteger(each)) continue;
    const rounded = Number.isInteger(each) ? roundedIn(text) : undefined;
    if (Number.isFinite(each) && rounded === undefined) continue;
    const problem = `float64 cannot hold the number ${rounded ?? "that is too large"}`;
    throw fail(`line ${line}, column ${JSON.stringify(name)}: ${problem}`, "Write it as a text");
  }
  return value;
}

/** A whole number in a line that float64 rounds. */
function roundedIn(text: string): string | undefined {
  const whole = text.match(/(?<![\d.eE+"-])-?\d{16,}(?![\d.eE"])/g) ?? [];
  // More digits than the largest float64 has are infinity.
  return whole.find((digits) => digits.length < 310 && BigInt(Number(digits)) !== BigInt(digits));
}

/** The lines of a text that arrives in pieces, counted from 1, without those that are empty. */
async function* linesOf(
  pieces: AsyncIterable<string>,
  fail: Fail,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let [rest, line]: [string[], number] = [[], 0];
  let length = 0;
  const end = function* (last: string): Generator<{ text: string; line: number }> {
    const text = [...rest, last].join("").trim();
    [rest, length] = [[], 0];
    line++;
    if (text !== "") yield { text, line };
  };
  for await (const piece of pieces) {
    const parts = piece.split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) yield* end(part);
    rest.push(last);
    length += last.length;
    if (length > longestLine) throw fail(`line ${line + 1} has more than ${longestLine} characters`);
  }
  yield* end("");
}
