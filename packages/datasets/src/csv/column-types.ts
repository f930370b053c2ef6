/** How the texts of a column are read. A list of categories fixes their numbers. */
export type ColumnType = "number" | "date" | "category" | "text" | readonly string[];

/** A column of a table. Missing values are NaN, −1 or null. */
export type Column = NumberColumn | DateColumn | CategoryColumn | TextColumn;

/** Numbers; a missing one is NaN. */
export interface NumberColumn {
  readonly type: "number";
  readonly name: string;
  readonly values: Float64Array;
}

/** Milliseconds since the beginning of 1970, in UTC, as in `Date`. */
export interface DateColumn {
  readonly type: "date";
  readonly name: string;
  readonly values: Float64Array;
}

/** Values are indices of categories. */
export interface CategoryColumn {
  readonly type: "category";
  readonly name: string;
  readonly values: Int32Array;
  readonly categories: readonly string[];
}

/** Texts as they are; a missing one is null. */
export interface TextColumn {
  readonly type: "text";
  readonly name: string;
  readonly values: readonly (string | null)[];
}

/** Says what is wrong with the value of a row. */
export type Refuse = (row: number, problem: string, hint?: string) => never;

/** Makes a column of texts, in which a missing value is null. */
export function columnOf(
  name: string,
  texts: readonly (string | null)[],
  type: ColumnType,
  refuse: Refuse,
): Column {
  if (type === "text") return { type, name, values: [...texts] };
  if (type === "number" || type === "date") {
    const { read, expected } = readers[type];
    const values = texts.map((text, row) => {
      const value = text === null ? NaN : read(text);
      return value ?? refuse(row, `got ${shown(text)}; expected ${expected}`);
    });
    return { type, name, values: Float64Array.from(values) };
  }
  const present = texts.filter((text) => text !== null);
  const categories = type === "category" ? [...new Set(present)].sort() : [...type];
  const numbers = new Map(categories.map((category, number) => [category, number]));
  const values = texts.map((text, row) => {
    const number = text === null ? -1 : numbers.get(text);
    return number ?? refuse(row, `got ${shown(text)}; expected one of the ${categories.length} categories`);
  });
  return { type: "category", name, values: Int32Array.from(values), categories };
}

function shown(text: string | null): string {
  return JSON.stringify(text !== null && text.length > 40 ? `${text.slice(0, 39)}…` : text);
}

/**
 * The type that all texts of a column have: numbers; dates; categories, if each occurs twice on average and there are at most 1,000; or
 * texts. A column without values is one of numbers.
 */
export function inferType(texts: readonly (string | null)[]): "number" | "date" | "category" | "text" {
  const present = texts.filter((text) => text !== null);
  if (present.every((text) => readNumber(text) !== undefined)) return "number";
  return inferTextType(texts);
}

/** As {@link inferType}, but never numbers. */
export function inferTextType(texts: readonly (string | null)[]): "date" | "category" | "text" {
  const present = texts.filter((text) => text !== null);
  if (present.every((text) => readDate(text) !== undefined)) return "date";
  const kinds = new Set(present).size;
  return kinds <= 1000 && 2 * kinds <= present.length ? "category" : "text";
}

/** The first value that is no number, of a column in which at least 4 of 5 values are or have the form of one; otherwise null. */
export function firstOddValue(
  texts: readonly (string | null)[],
): { readonly row: number; readonly text: string; readonly numbers: number; readonly all: number } | null {
  const all = texts.filter((text) => text !== null).length;
  const isOdd = (text: string | null): text is string => text !== null && readNumber(text) === undefined;
  const numbers = all - texts.filter(isOdd).length;
  const row = texts.findIndex(isOdd);
  const isInfinite = (text: string | null) => numberForm.test(text ?? "") && !Number.isFinite(Number(text));
  const isUsual = 5 * numbers < 4 * all && !texts.some(isInfinite);
  return row === -1 || isUsual ? null : { row, text: texts[row] ?? "", numbers, all };
}

const readers = {
  number: { read: readNumber, expected: "a number, as in 1.5 or -2e3, that float64 holds" },
  date: { read: readDate, expected: "a date, as in 2026-01-31 or 2026-01-31T12:00Z" },
};

const numberForm = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Undefined also for infinity, and for a whole number that would lose digits. */
function readNumber(text: string): number | undefined {
  if (!numberForm.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  const isRounded =
    !Number.isSafeInteger(value) &&
    /^[+-]?\d+$/.test(text) &&
    BigInt(value) !== BigInt(text.replace("+", ""));
  return isRounded ? undefined : value;
}

const dateForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A date of ISO 8601. Without a time zone it is one of UTC, so that all machines read the same. */
function readDate(text: string): number | undefined {
  const parts = dateForm.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0));
  const milliseconds = Number((parts.at(7) ?? "").padEnd(3, "0"));
  const time = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, milliseconds));
  // The year is set apart: Date.UTC takes 0 to 99 for 1900 to 1999.
  time.setUTCFullYear(year, month - 1, day);
  const isRight =
    time.getUTCMonth() === month - 1 && time.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return isRight ? time.getTime() - offsetOf(parts[8]) : undefined;
}

/** Of a time zone, in milliseconds. */
function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const minutes = 60 * Number(zone.slice(1, 3)) + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
