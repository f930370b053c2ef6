import { ArgumentError } from "@stargrad/tensor";
import {
  expectOptions,
  expectValues,
  flag,
  isRecord,
  listOf,
  text as textKind,
  warn,
  type Kind,
  type OptionKinds,
} from "@stargrad/tensor/internal";

import { failing } from "../fail.js";
import { columnOf, firstOddValue, inferType, type ColumnType, type Refuse } from "./column-types.js";
import { csvRows } from "./csv-rows.js";
import { Table } from "./table.js";
import { textsOf, type CsvSource } from "./texts.js";

export interface CsvOptions {
  /** The character between two fields. Default: a tab for names that end with `.tsv` or `.tab`, otherwise a comma. */
  readonly delimiter?: string;
  /** Whether the first row has the names of the columns. If not, they are "0", "1", …. Default: true. */
  readonly header?: boolean;
  /** The types of columns, by name. Default: what all values of a column are (see {@link parseCsv}). */
  readonly columns?: Readonly<Record<string, ColumnType>>;
  /** The texts that stand for a missing value. Default: "", "?", "NA", "N/A", "NaN", "nan", "null" and "None". */
  readonly missing?: readonly string[];
}

const [, isListOfTexts] = /* @__PURE__ */ listOf(textKind);

const csvKinds: OptionKinds<CsvOptions> = {
  delimiter: [
    "one character",
    (value) => typeof value === "string" && value.length === 1 && !/["\r\n]/.test(value),
  ],
  header: flag,
  columns: ['an object with types, such as { city: "category" }', isRecord],
  missing: ["a list of texts", isListOfTexts],
};

export const csvSource: Kind = [
  "a path, a File, a Blob or a stream of bytes",
  (value) => typeof value === "string" || "getReader" in Object(value) || value instanceof Blob,
];

const usualMissing = ["", "?", "NA", "N/A", "NaN", "nan", "null", "None"];

/**
 * Reads comma-separated values from a text. Fields are as in RFC 4180; spaces around them are left out, and empty lines.
 *
 * Types: a column is of numbers or of dates (ISO 8601; UTC, unless there is a time zone) if all its values are. A whole number that
 * float64 would round, such as a long identifier, and one that it cannot hold, such as 1e999, is none. It is of categories if at most 1,000
 * texts occur, twice each on average, and otherwise of texts. Categories are numbered in sorted order. `columns` gives other types; a
 * list of categories fixes their numbers, so that a file of unseen data has those of the training data.
 *
 * If at least 4 of 5 values of a column are numbers but not all, a warning names the first other one. A warning also names 1e999.
 *
 * Defaults: commas, names in the first row
 * Throws: FormatError, with row and column, for wrong quotes, rows of other lengths, and values that do not have the type; ArgumentError for
 * options out of range
 */
export async function parseCsv(text: string, options: CsvOptions = {}): Promise<Table> {
  expectValues("parseCsv", { text }, textKind);
  if (/^[^\r\n]+\.[ct]sv$/i.test(text)) {
    throw new ArgumentError(
      "parseCsv",
      `got ${JSON.stringify(text)}, the name of a file; expected the text in it`,
      "Did you mean readCsv?",
    );
  }
  expectOptions("parseCsv", options, csvKinds);
  return tableOf("parseCsv", piecesOf(text), options, options.delimiter ?? ",");
}

/**
 * Reads comma- or tab-separated values piece by piece, as {@link parseCsv} does: from a path, a `File` or `Blob` of a page, or a stream of bytes.
 *
 * Throws: as {@link parseCsv}, naming the file; FormatError unless it is UTF-8; StargradError if it cannot be read
 */
export async function readCsv(source: CsvSource, options: CsvOptions = {}): Promise<Table> {
  expectValues("readCsv", { source }, csvSource);
  const name = nameOf(source);
  const called = `readCsv(${name})`;
  expectOptions(called, options, csvKinds);
  const delimiter = options.delimiter ?? (/\.(tsv|tab)$/i.test(name) ? "\t" : ",");
  return tableOf(called, textsOf(called, source), options, delimiter);
}

export function nameOf(source: CsvSource): string {
  if (typeof source === "string") return source;
  if ("name" in source && typeof source.name === "string") return source.name;
  return "getReader" in source ? "a stream" : "a Blob";
}

/** A text in pieces that the parser can hold. */
export async function* piecesOf(text: string): AsyncGenerator<string> {
  const size = 2 ** 16;
  for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size));
}

async function tableOf(
  called: string,
  texts: AsyncIterable<string>,
  options: CsvOptions,
  delimiter: string,
): Promise<Table> {
  const fail = failing(called);
  const missing = new Set(options.missing ?? usualMissing);
  const lines: number[] = [];
  let names: readonly string[] | undefined;
  let columns: (string | null)[][] = [];
  for await (const { fields, line } of csvRows(called, texts, delimiter)) {
    if (names === undefined) {
      names = options.header === false ? fields.map((_, i) => String(i)) : namesOf(fields, called);
      columns = names.map(() => []);
      if (options.header !== false) continue;
    }
    if (fields.length !== names.length) {
      const row = `row ${lines.length + 1} (line ${line})`;
      throw fail(`${row} has ${fields.length} fields; expected ${names.length}`, fieldsHint);
    }
    for (const [i, field] of fields.entries()) columns[i].push(missing.has(field) ? null : field);
    lines.push(line);
  }
  if (names === undefined) throw fail("is empty; expected a row with the names of the columns");
  const types = typesOf(called, options.columns ?? {}, names);
  const made = names.map((name, i) => {
    const refuse: Refuse = (row, problem) => {
      throw fail(`row ${row + 1} (line ${lines[row]}), column ${JSON.stringify(name)}: ${problem}`);
    };
    const type = types.get(name) ?? inferType(columns[i]);
    const odd = types.has(name) || type === "number" ? null : firstOddValue(columns[i]);
    if (odd !== null) {
      warn(
        `${called}: ${odd.numbers} of ${odd.all} values of the column ${JSON.stringify(name)} are numbers; line ${lines[odd.row]} is ${JSON.stringify(odd.text)}, so it has ${type === "category" ? "categories" : "texts"}. If this text stands for a missing value, add it to the option missing; otherwise choose a type with the option columns.`,
      );
    }
    return columnOf(name, columns[i], type, refuse);
  });
  return new Table(called, made, Int32Array.from(lines));
}

const fieldsHint = 'Is the delimiter right? A field that contains it is written in quotes: "a, b"';

function namesOf(fields: readonly string[], called: string): readonly string[] {
  const seen = new Set<string>();
  const repeated = fields.find((name) => seen.size === seen.add(name).size);
  if (repeated === undefined) return fields;
  throw failing(called)(
    `two columns have the name ${JSON.stringify(repeated)}`,
    "Rename one, or read the file with header: false",
  );
}

export function typesOf(
  called: string,
  types: Readonly<Record<string, ColumnType>>,
  names: readonly string[],
): ReadonlyMap<string, ColumnType> {
  for (const [name, type] of Object.entries(types)) {
    if (!names.includes(name)) {
      const known = names.map((each) => JSON.stringify(each)).join(", ");
      throw new ArgumentError(
        called,
        `got a type for the column ${JSON.stringify(name)}; the columns are ${known}`,
      );
    }
    if (isListOfTexts(type) || ["number", "date", "category", "text"].includes(type as string)) continue;
    throw new ArgumentError(
      called,
      `got the type ${JSON.stringify(type)} for the column ${JSON.stringify(name)}; expected "number", "date", "category", "text" or a list of categories`,
    );
  }
  return new Map(Object.entries(types));
}
