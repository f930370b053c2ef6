import type { BlobLike } from "@stargrad/io";
import { openFile, type ByteSource } from "@stargrad/io/internal";
import { ArgumentError } from "@stargrad/tensor";
import { expectOptions, isRecord, listOf, text, type OptionKinds } from "@stargrad/tensor/internal";

import type { ColumnType, Refuse } from "../csv/column-types.js";
import { typesOf } from "../csv/csv.js";
import { Table } from "../csv/table.js";
import { failing, type Fail } from "../fail.js";
import { expectSource, nameOf, type Source } from "../source.js";
import { columnFrom, expectDates, meaningOf, type Meaning, type Value } from "./column-values.js";
import { cutOff } from "./cursor.js";
import { readMetadata, type Metadata, type RowGroup, type SchemaColumn } from "./metadata.js";
import { readChunk, type Budget } from "./read-chunk.js";
import { sideBySide } from "./side-by-side.js";

export interface ParquetOptions {
  /** The names of the columns to read. Default: all. */
  readonly select?: readonly string[];
  /** The types of columns, by name. Default: those of the file (see {@link readParquet}). */
  readonly columns?: Readonly<Record<string, ColumnType>>;
}

const kinds: OptionKinds<ParquetOptions> = {
  select: ['a list of column names, such as ["a", "b"]', listOf(text)[1]],
  columns: ['an object with types, such as { city: "category" }', isRecord],
};

/** Of a file of N bytes, at most this many values are read for each byte, and at most this many bytes unpacked for each. */
const [valuesPerByte, unpackedPerByte] = [64, 1032];

/**
 * Reads a Parquet file, from a path, or a `File` or `Blob` of a page. Only the selected columns are read from it.
 *
 * Types: whole numbers, floats and decimals are numbers; dates and timestamps are dates, without parts of a millisecond; a timestamp
 * without a time zone is one of UTC. true and false are the categories "false" and "true". Texts are dates, categories or texts, as in
 * {@link parseCsv}, and never numbers. `columns` gives other types. A null is a missing value.
 *
 * Read are the codecs Snappy and gzip, in Node also Brotli and (from 22.15 on) Zstandard, and all encodings that are not deprecated.
 *
 * Throws: FormatError, naming the column, for damaged files, lists and records, times of day, bytes that are no UTF-8, codecs that are not
 * read, and whole numbers that float64 would round; for more than 64 values for each byte of the file (and 2²²), and pages that unpack to
 * more than 1,032 times the file (and 64 MB); ArgumentError for columns that do not exist; StargradError if it cannot be read
 * Source: https://parquet.apache.org/docs/file-format/
 */
export async function readParquet(source: Source, options: ParquetOptions = {}): Promise<Table> {
  const file = await open("readParquet", source, options);
  const values = file.columns.map((): (Value | null)[] => []);
  for (const group of file.groups) {
    for (const [i, column] of file.columns.entries()) {
      for (const value of await readColumn(file, group, column)) values[i].push(value);
    }
  }
  return tableOf(file, values, file.rows, 0, true);
}

/**
 * Reads a Parquet file one row group after the other, each as a table, so that only one is in memory. Columns as {@link readParquet} makes
 * them, but texts stay texts unless `columns` says which categories there are: no row group knows those of the others.
 *
 * Throws: as {@link readParquet}
 */
export async function* streamParquet(
  source: Source,
  options: ParquetOptions = {},
): AsyncGenerator<Table, void> {
  const file = await open("streamParquet", source, options);
  let first = 0;
  for (const group of file.groups) {
    const values: (Value | null)[][] = [];
    for (const column of file.columns) values.push(await readColumn(file, group, column));
    yield tableOf(file, values, group.rows, first, false);
    first += group.rows;
  }
}

interface SelectedColumn extends Meaning {
  readonly schema: SchemaColumn;
}

interface ParquetFile {
  readonly called: string;
  readonly bytes: ByteSource;
  readonly columns: readonly SelectedColumn[];
  readonly groups: readonly RowGroup[];
  readonly rows: number;
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly budget: Budget;
  readonly fail: Fail;
}

async function open(name: string, source: Source, options: ParquetOptions): Promise<ParquetFile> {
  expectSource(name, source);
  const called = `${name}(${nameOf(source)})`;
  expectOptions<ParquetOptions>(called, options, kinds);
  const fail = failing(called);
  const bytes = typeof source === "string" ? await openFile(source, called) : blobSource(source);
  const { size } = bytes;
  const metadata = await metadataOf(bytes, fail);
  const selected = selectedOf(called, metadata, options.select);
  const columns = selected.map((schema) => ({ schema, ...meaningOf(schema, fail) }));
  const rows = metadata.groups.reduce((sum, group) => sum + group.rows, 0);
  if (rows * columns.length > Math.max(2 ** 22, valuesPerByte * size)) {
    throw fail(
      `has ${rows} rows of ${columns.length} columns in ${size} bytes; expected at most ${valuesPerByte} values for each byte`,
    );
  }
  const types = typesOf(called, options.columns ?? {}, selected.map((column) => column.name)); // prettier-ignore
  let left = Math.max(2 ** 26, unpackedPerByte * size);
  const budget: Budget = {
    spend(spent) {
      left -= spent;
      if (left < 0) throw fail(`unpacks to more than ${unpackedPerByte} times its ${size} bytes`);
    },
  };
  const { groups } = metadata;
  const parts = groups.flatMap(({ chunks }) => selected.flatMap(({ name }) => chunks.get(name) ?? []));
  return { called, bytes: sideBySide(bytes, parts), columns, groups, rows, types, budget, fail };
}

async function metadataOf(bytes: ByteSource, fail: Fail): Promise<Metadata> {
  const { size } = bytes;
  const isMagic = (four: Uint8Array, magic: string): boolean => String.fromCharCode(...four) === magic;
  if (size < 12 || !isMagic(await bytes.read(0, 4), "PAR1"))
    throw fail("does not begin as a Parquet file, with PAR1");
  const end = await bytes.read(size - 8, size);
  if (isMagic(end.subarray(4), "PARE")) throw fail("is encrypted, which is not read here");
  if (!isMagic(end.subarray(4), "PAR1")) throw fail("does not end as a Parquet file, with PAR1", cutOff);
  const length = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
  const dataEnd = size - 8 - length;
  if (dataEnd < 4) throw fail(`announces ${length} bytes of metadata in a file of ${size}`, cutOff);
  return readMetadata(await bytes.read(dataEnd, size - 8), dataEnd, fail);
}

function selectedOf(
  called: string,
  { columns }: Metadata,
  names: readonly string[] | undefined,
): readonly SchemaColumn[] {
  if (names === undefined) return columns;
  return [...new Set(names)].map((name) => {
    const found = columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    const known = columns.map((column) => JSON.stringify(column.name)).join(", ");
    throw new ArgumentError(
      called,
      `got the column ${JSON.stringify(name)} to select; the columns are ${known}`,
    );
  });
}

async function readColumn(
  file: ParquetFile,
  group: RowGroup,
  column: SelectedColumn,
): Promise<(Value | null)[]> {
  const { called, bytes, budget } = file;
  const { schema, convert } = column;
  const { name, physical } = schema;
  const chunk = group.chunks.get(name);
  const fail: Fail = (problem, hint, cause) =>
    file.fail(`the column ${JSON.stringify(name)} ${problem}`, hint, cause);
  if (chunk === undefined || physical === null || chunk.values !== group.rows) {
    throw fail(`has ${chunk?.values ?? "no"} values in a row group with ${group.rows} rows`);
  }
  const packed = await bytes.read(chunk.begin, chunk.end);
  return readChunk(packed, chunk, group.rows, { column: schema, physical, convert, budget, called, fail });
}

/** `first`: the rows of the file before those of the table */
function tableOf(
  file: ParquetFile,
  values: readonly (Value | null)[][],
  rows: number,
  first: number,
  isWhole: boolean,
): Table {
  const columns = file.columns.map(({ schema: { name }, kind }, i) => {
    const refuse: Refuse = (row, problem, hint) => {
      throw file.fail(`row ${first + row + 1}, column ${JSON.stringify(name)}: ${problem}`, hint);
    };
    if (kind === "date") expectDates(values[i], refuse);
    return columnFrom(name, kind, values[i], file.types.get(name), isWhole, refuse);
  });
  const numbers = Int32Array.from({ length: rows }, (_, row) => first + row + 1);
  return new Table(file.called, columns, numbers, "row of the file");
}

function blobSource(blob: BlobLike): ByteSource {
  const read = async (begin: number, end: number): Promise<Uint8Array> =>
    new Uint8Array(await blob.slice(begin, end).arrayBuffer());
  return { name: nameOf(blob), size: blob.size, read };
}
