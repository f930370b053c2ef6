import { decodeUtf8 } from "@stargrad/io";

import type { Fail } from "../fail.js";
import { Cursor } from "./cursor.js";
import { readStruct, type Struct, type ThriftValue } from "./thrift.js";

/** The types of elements as they are stored, by their numbers. */
const physicalTypes = [
  "BOOLEAN",
  "INT32",
  "INT64",
  "INT96",
  "FLOAT",
  "DOUBLE",
  "BYTE_ARRAY",
  "FIXED_LEN_BYTE_ARRAY",
] as const;
export type PhysicalType = (typeof physicalTypes)[number];

/** A column of the file. */
export interface SchemaColumn {
  readonly name: string;
  /** Null for lists and records. */
  readonly physical: PhysicalType | null;
  /** The bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly length: number;
  readonly isOptional: boolean;
  /** The number of the old annotation, ConvertedType; −1 if there is none. */
  readonly converted: number;
  /** The new annotation: its number, and what belongs to it. */
  readonly logical: { readonly kind: number; readonly of: Struct } | null;
  readonly scale: number;
}

/** The part of a column that is in a row group. */
export interface Chunk {
  readonly begin: number;
  readonly end: number;
  readonly codec: number;
  readonly values: number;
}

export interface RowGroup {
  readonly rows: number;
  /** By the place of the column in the schema; those of lists and records are left out. */
  readonly chunks: ReadonlyMap<string, Chunk>;
}

export interface Metadata {
  readonly columns: readonly SchemaColumn[];
  readonly groups: readonly RowGroup[];
}

/**
 * The metadata at the end of a file. All places lie in the file, and no two chunks can be the same bytes, as their sizes add up to at most
 * that of the file.
 *
 * Throws: FormatError for anything else
 * Source: https://parquet.apache.org/docs/file-format/metadata/
 */
export function readMetadata(bytes: Uint8Array, dataEnd: number, fail: Fail): Metadata {
  const file = readStruct(new Cursor(bytes, fail), fail);
  const columns = columnsOf(structs(file.get(2)), fail);
  const leaves = columns.map(({ column }) => column);
  const groups = structs(file.get(4)).map((group) => groupOf(group, columns, dataEnd, fail));
  const rows = whole(file.get(3));
  if (rows !== groups.reduce((sum, group) => sum + group.rows, 0)) {
    throw fail(`announces ${rows} rows; its row groups have others`);
  }
  let size = 0;
  for (const { chunks } of groups) for (const { begin, end } of chunks.values()) size += end - begin;
  if (size > dataEnd) throw fail(`has columns of ${size} bytes in ${dataEnd} bytes`);
  return { columns: leaves, groups };
}

/** The columns under the root, each with the number of its leaves, which are the chunks of a row group. */
function columnsOf(schema: readonly Struct[], fail: Fail): { column: SchemaColumn; leaves: number }[] {
  const [root] = schema;
  if (schema.length === 0) throw fail("has no schema");
  let at = 1;
  /** The leaves of the next element. */
  const leavesOf = (depth: number): number => {
    if (at >= schema.length || depth > 64) throw fail("its schema has fewer elements than it announces");
    const children = whole(schema[at++].get(5) ?? 0);
    if (children === 0) return 1;
    let leaves = 0;
    for (let i = 0; i < children; i++) leaves += leavesOf(depth + 1);
    return leaves;
  };
  const columns: { column: SchemaColumn; leaves: number }[] = [];
  const names = new Set<string>();
  for (let i = 0; i < whole(root.get(5) ?? 0); i++) {
    const element = schema.at(at);
    const leaves = leavesOf(0);
    const column = columnOf(element ?? new Map(), fail);
    if (names.has(column.name)) throw fail(`two columns have the name ${JSON.stringify(column.name)}`);
    names.add(column.name);
    columns.push({ column, leaves });
  }
  return columns;
}

function columnOf(element: Struct, fail: Fail): SchemaColumn {
  const name = textOf(element.get(4), fail);
  const isFlat = whole(element.get(5) ?? 0) === 0 && element.get(3) !== 2;
  const logical = [...structOf(element.get(10))].at(0);
  return {
    name,
    physical: isFlat ? (physicalTypes[whole(element.get(1))] ?? null) : null,
    length: whole(element.get(2) ?? 0),
    isOptional: element.get(3) === 1,
    converted: whole(element.get(6) ?? -1),
    logical: logical === undefined ? null : { kind: logical[0], of: structOf(logical[1]) },
    scale: whole(element.get(7) ?? 0),
  };
}

function groupOf(
  group: Struct,
  columns: readonly { readonly column: SchemaColumn; readonly leaves: number }[],
  dataEnd: number,
  fail: Fail,
): RowGroup {
  const rows = whole(group.get(3));
  const all = structs(group.get(1));
  const leaves = columns.reduce((sum, each) => sum + each.leaves, 0);
  if (!(rows >= 0) || all.length !== leaves) {
    throw fail(`a row group has ${rows} rows and ${all.length} columns; expected ${leaves} columns`);
  }
  const chunks = new Map<string, Chunk>();
  let at = 0;
  for (const { column, leaves: own } of columns) {
    if (own === 1 && column.physical !== null)
      chunks.set(column.name, chunkOf(all[at], column.name, dataEnd, fail));
    at += own;
  }
  return { rows, chunks };
}

function chunkOf(chunk: Struct, name: string, dataEnd: number, fail: Fail): Chunk {
  const meta = chunk.get(3);
  if (chunk.has(1) || !(meta instanceof Map)) {
    throw fail(`the column ${JSON.stringify(name)} is in another file, or encrypted`);
  }
  const [values, size, data, dictionary] = [5, 7, 9, 11].map((field) =>
    whole((meta as Struct).get(field) ?? 0),
  );
  // Without values there may be no place.
  const begin = values === 0 ? 4 : dictionary > 0 ? Math.min(dictionary, data) : data;
  const end = begin + (values === 0 ? 0 : size);
  if (!(begin >= 4 && size >= 0 && end <= dataEnd)) {
    throw fail(
      `the column ${JSON.stringify(name)} is from byte ${begin} to ${end}; its file has data from 4 to ${dataEnd}`,
    );
  }
  return { begin, end, codec: whole((meta as Struct).get(4)), values };
}

/** NaN for what is no whole number that float64 holds. */
export function whole(value: ThriftValue | undefined): number {
  return Number.isSafeInteger(value) ? (value as number) : NaN;
}

export function structOf(value: ThriftValue | undefined): Struct {
  return value instanceof Map ? value : new Map<number, ThriftValue>();
}

function structs(value: ThriftValue | undefined): Struct[] {
  return Array.isArray(value) ? (value as ThriftValue[]).map(structOf) : [];
}

function textOf(value: ThriftValue | undefined, fail: Fail): string {
  const text = value instanceof Uint8Array ? decodeUtf8(value) : null;
  if (text === null) throw fail("a column has no name in UTF-8");
  return text;
}
