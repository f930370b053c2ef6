import { decodeUtf8 } from "@stargrad/io";

import { columnOf, inferTextType, type Column, type ColumnType, type Refuse } from "../csv/column-types.js";
import type { Fail } from "../fail.js";
import type { Cell } from "./encodings.js";
import { structOf, whole, type SchemaColumn } from "./metadata.js";

/** A value with a meaning: a date is milliseconds; a whole number that float64 would round is a bigint. */
export type Value = number | bigint | boolean | string;

/** What the values of a column are, and how one of them is read. */
export interface Meaning {
  readonly kind: "number" | "date" | "boolean" | "text";
  readonly convert: (cell: Cell) => Value;
}

const day = 86_400_000;

/** Numbers of ConvertedType and of LogicalType. */
const logicalTypes = { string: 1, enum: 4, decimal: 5, date: 6, time: 7, timestamp: 8, integer: 10, json: 12, bson: 13, uuid: 14, float16: 15 }; // prettier-ignore

/** The LogicalType that each ConvertedType stands for. */
const converted: Readonly<Record<number, number>> = { 0: 1, 4: 4, 5: 5, 6: 6, 7: 7, 8: 7, 9: 8, 10: 8, 11: 10, 12: 10, 13: 10, 14: 10, 15: 10, 16: 10, 17: 10, 18: 10, 19: 12, 20: 13 }; // prettier-ignore

/**
 * Throws: FormatError for what is no column of a table
 * Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
export function meaningOf(column: SchemaColumn, fail: Fail): Meaning {
  const { name, physical, length, logical } = column;
  const kind = logical?.kind ?? converted[column.converted];
  const is = (type: keyof typeof logicalTypes): boolean => kind === logicalTypes[type];
  const refuse = (what: string): never => {
    throw fail(
      `the column ${JSON.stringify(name)} has ${what}, which a table cannot hold`,
      'Choose columns with { select: ["a", "b"] }',
    );
  };
  if (physical === null) return refuse("lists or records");
  if (physical === "FIXED_LEN_BYTE_ARRAY" && !(length > 0)) return refuse("values of no bytes");
  if (is("decimal")) {
    const scale = logical === null ? column.scale : whole(logical.of.get(1) ?? 0);
    if (!(scale >= 0 && scale <= 100) || length > 64)
      return refuse(`decimals of ${length} bytes with ${scale} digits`);
    return { kind: "number", convert: (cell) => decimal(wholeOf(cell), scale) };
  }
  if (is("float16") && physical === "FIXED_LEN_BYTE_ARRAY" && length === 2)
    return { kind: "number", convert: float16 };
  if (is("uuid") && length === 16) return { kind: "text", convert: uuid };
  if (is("date") && physical === "INT32") return { kind: "date", convert: (cell) => Number(cell) * day };
  if (is("timestamp") && physical === "INT64") return { kind: "date", convert: timestamp(column) };
  if (is("time") || is("bson") || column.converted === 21)
    return refuse(["times of day", "BSON", "intervals"][is("time") ? 0 : is("bson") ? 1 : 2]);
  switch (physical) {
    case "BOOLEAN":
      return { kind: "boolean", convert: (cell) => cell === true };
    case "INT96":
      return { kind: "date", convert: int96 };
    case "INT32":
    case "INT64": {
      const isUnsigned =
        logical === null
          ? column.converted >= 11 && column.converted <= 14
          : is("integer") && logical.of.get(2) === false;
      const bits = physical === "INT32" ? 32 : 64;
      return {
        kind: "number",
        convert: isUnsigned
          ? (cell) => smallest(BigInt.asUintN(bits, BigInt(cell as number)))
          : (cell) => cell as number,
      };
    }
    case "FLOAT":
    case "DOUBLE":
      return { kind: "number", convert: (cell) => cell as number };
    case "BYTE_ARRAY":
      return { kind: "text", convert: textIn(name, fail) };
    default:
      return refuse(`${length} bytes in each row`);
  }
}

/** A bigint only if float64 would round it. */
function smallest(value: bigint): number | bigint {
  return BigInt(Number(value)) === value ? Number(value) : value;
}

function wholeOf(cell: Cell): bigint {
  if (!(cell instanceof Uint8Array)) return BigInt(cell);
  // The highest byte first.
  const value = cell.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return BigInt.asIntN(8 * cell.length, value);
}

function decimal(unscaled: bigint, scale: number): number | bigint {
  return scale === 0 ? smallest(unscaled) : Number(`${unscaled}e-${scale}`);
}

function float16(cell: Cell): number {
  const [low, high] = cell as Uint8Array;
  const [exponent, fraction] = [(high >> 2) & 31, ((high & 3) << 8) | low];
  const size =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return high >= 128 ? -size : size;
}

function uuid(cell: Cell): string {
  const digits = Array.from(cell as Uint8Array, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [0, 8, 12, 16, 20].map((begin, i, all) => digits.slice(begin, all[i + 1])).join("-");
}

/** Parts of a millisecond are left out. */
function timestamp({ logical, converted: old }: SchemaColumn): (cell: Cell) => number {
  const unit = structOf(logical?.of.get(2));
  const perMillisecond = unit.has(3)
    ? 1_000_000n
    : unit.has(2) || (logical === null && old === 10)
      ? 1000n
      : 1n;
  return (cell) => {
    const time = BigInt(cell as number);
    const rest = ((time % perMillisecond) + perMillisecond) % perMillisecond;
    return Number((time - rest) / perMillisecond);
  };
}

/** Nanoseconds of a day, and the number of the day in the Julian calendar, as old files have them. */
function int96(cell: Cell): number {
  const bytes = cell as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12);
  return (view.getInt32(8, true) - 2_440_588) * day + Number(view.getBigInt64(0, true) / 1_000_000n);
}

function textIn(name: string, fail: Fail): (cell: Cell) => string {
  return (cell) => {
    const text = decodeUtf8(cell as Uint8Array);
    if (text === null)
      throw fail(
        `the column ${JSON.stringify(name)} has bytes that are no UTF-8`,
        'Choose columns with { select: ["a", "b"] }',
      );
    return text;
  };
}

/** The largest time of a `Date`, in milliseconds from 1970: in the year 275,760. */
const lastTime = 8.64e15;

/** Refuses a time that no `Date` has, such as the largest whole number, which some programs write for none. */
export function expectDates(values: readonly (Value | null)[], refuse: Refuse): void {
  const row = values.findIndex((value) => value !== null && !(Math.abs(Number(value)) <= lastTime));
  if (row === -1) return;
  refuse(
    row,
    `the time ${String(values[row])} ms from 1970 is out of the range of dates, the years −271,821 to 275,760`,
    'Replace it by a missing value, or choose columns with { select: ["a", "b"] }',
  );
}

/** Makes a column. `isWhole`: whether these are all its values, so that texts that repeat may become categories. */
export function columnFrom(
  name: string,
  kind: Meaning["kind"],
  values: readonly (Value | null)[],
  type: ColumnType | undefined,
  isWhole: boolean,
  refuse: Refuse,
): Column {
  if (kind === "number" && (type === undefined || type === "number")) {
    return {
      type: "number",
      name,
      values: Float64Array.from(values.map((value, row) => numberOf(value, row, refuse))),
    };
  }
  if (kind === "date" && (type === undefined || type === "date")) {
    return {
      type: "date",
      name,
      values: Float64Array.from(values.map((value) => (value === null ? NaN : Number(value)))),
    };
  }
  const write = kind === "date" ? (value: Value) => new Date(Number(value)).toISOString() : String;
  const texts = values.map((value) => (value === null ? null : write(value)));
  if (kind === "boolean") return columnOf(name, texts, type ?? ["false", "true"], refuse);
  return columnOf(name, texts, type ?? (isWhole ? inferTextType(texts) : "text"), refuse);
}

function numberOf(value: Value | null, row: number, refuse: Refuse): number {
  if (value === null) return NaN;
  const number = Number(value);
  if (typeof value === "number" || BigInt(number) === value) return number;
  return refuse(
    row,
    `float64 cannot hold the number ${value}`,
    'Read it as a text: { columns: { name: "text" } }',
  );
}
