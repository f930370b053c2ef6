import type { Fail } from "../fail.js";
import { Cursor } from "./cursor.js";
import {
  readDeltaBytes,
  readDeltaLengths,
  readDeltas,
  readHybrid,
  readPlain,
  readSplit,
  type Cell,
} from "./encodings.js";
import { structOf, whole, type Chunk, type PhysicalType, type SchemaColumn } from "./metadata.js";
import { readStruct } from "./thrift.js";
import { unpackPage } from "./unpack.js";

const encodings = [
  "PLAIN", "?", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
  "RLE_DICTIONARY", "BYTE_STREAM_SPLIT",
]; // prettier-ignore

const noBytes = new Uint8Array();

/** What a file may still take when it is unpacked. */
export interface Budget {
  /** Throws: FormatError if it is used up */
  spend(bytes: number): void;
}

/** What the pages of a chunk have in common. */
interface Context<Value> {
  readonly column: SchemaColumn;
  readonly physical: PhysicalType;
  readonly convert: (cell: Cell) => Value;
  readonly budget: Budget;
  readonly called: string;
  readonly fail: Fail;
}

/**
 * The values of a column in a row group, in their order; a missing one is null. A value of a dictionary is converted once.
 *
 * Throws: FormatError unless the pages are whole and have exactly `rows` values
 */
export async function readChunk<Value>(
  bytes: Uint8Array,
  { codec }: Chunk,
  rows: number,
  context: Context<Value>,
): Promise<(Value | null)[]> {
  const { column, fail, called, budget } = context;
  const cursor = new Cursor(bytes, fail);
  const values: (Value | null)[] = [];
  let dictionary: readonly Value[] | null = null;
  while (values.length < rows) {
    const header = readStruct(cursor, fail);
    const [type, unpackedSize, packedSize] = [1, 2, 3].map((field) => whole(header.get(field)));
    const packed = cursor.take(packedSize);
    if (!(unpackedSize >= 0 && unpackedSize <= Math.max(2 ** 20, 1032 * packedSize))) {
      throw fail(`a page unpacks from ${packedSize} to ${unpackedSize} bytes`);
    }
    budget.spend(unpackedSize);
    if (type === 2) {
      const of = structOf(header.get(7));
      if (dictionary !== null || ![0, 2].includes(whole(of.get(2) ?? 0)))
        throw fail("has a wrong dictionary");
      const page = new Cursor(await unpackPage(codec, packed, unpackedSize, called, fail), fail);
      dictionary = plain(page, countOf(of.get(1), Infinity, fail), context).map(context.convert);
    } else if (type === 0) {
      const of = structOf(header.get(5));
      const page = new Cursor(await unpackPage(codec, packed, unpackedSize, called, fail), fail);
      const count = countOf(of.get(1), rows - values.length, fail);
      if (column.isOptional && whole(of.get(3)) !== 3)
        throw fail("marks missing values in an old way, BIT_PACKED");
      const levels = column.isOptional ? page.take(page.int32()) : noBytes;
      append(values, levels, page, whole(of.get(2)), count, dictionary, context);
    } else if (type === 3) {
      const of = structOf(header.get(8));
      const count = countOf(of.get(1), rows - values.length, fail);
      const [definition, repetition] = [whole(of.get(5) ?? 0), whole(of.get(6) ?? 0)];
      const levels = definition + repetition;
      if (!(definition >= 0 && repetition >= 0 && levels <= packedSize && levels <= unpackedSize))
        throw fail(`a page has levels of ${levels} bytes`);
      const rest = packed.subarray(levels);
      // A page without values may have no bytes at all.
      const isPacked = of.get(7) !== false && unpackedSize > levels;
      const page = isPacked ? await unpackPage(codec, rest, unpackedSize - levels, called, fail) : rest;
      const marks = packed.subarray(repetition, levels);
      append(values, marks, new Cursor(page, fail), whole(of.get(4)), count, dictionary, context);
    } else if (type !== 1) {
      throw fail(`has a page of the unknown type ${type}`);
    }
  }
  return values;
}

function countOf(value: unknown, most: number, fail: Fail): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most)
    return value as number;
  throw fail(`a page has ${String(value)} values; at most ${most} are left`);
}

function plain<Value>(page: Cursor, count: number, { column, physical, fail }: Context<Value>): Cell[] {
  return readPlain(page, physical, column.length, count, fail);
}

/** `levels`: of a column with missing values, 1 for each value that is there and 0 for each that is missing, packed as a hybrid */
function append<Value>(
  values: (Value | null)[],
  levels: Uint8Array,
  page: Cursor,
  encoding: number,
  count: number,
  dictionary: readonly Value[] | null,
  context: Context<Value>,
): void {
  const { column, convert, fail } = context;
  const present = column.isOptional ? readHybrid(new Cursor(levels, fail), 1, count, fail) : null;
  const there = present === null ? count : present.reduce((sum, level) => sum + (level === 1 ? 1 : 0), 0);
  const name = encodings.at(encoding) ?? String(encoding);
  const read: readonly Value[] = name.endsWith("_DICTIONARY")
    ? lookUp(page, there, dictionary, fail)
    : cellsOf(page, name, there, context).map(convert);
  if (present === null) for (const value of read) values.push(value);
  else {
    let at = 0;
    for (const level of present) values.push(level === 1 ? read[at++] : null);
  }
}

function lookUp<Value>(
  page: Cursor,
  count: number,
  dictionary: readonly Value[] | null,
  fail: Fail,
): Value[] {
  if (count === 0) return [];
  if (dictionary === null) throw fail("has indices of a dictionary, and no dictionary");
  const indices = readHybrid(page, page.byte(), count, fail);
  return Array.from(indices, (index) => {
    if (index >= 0 && index < dictionary.length) return dictionary[index];
    throw fail(`has the index ${index} of a dictionary with ${dictionary.length} values`);
  });
}

function cellsOf<Value>(page: Cursor, encoding: string, count: number, context: Context<Value>): Cell[] {
  const { column, physical, budget, fail } = context;
  const isWhole = physical === "INT32" || physical === "INT64";
  if (encoding === "PLAIN") return plain(page, count, context);
  if (encoding === "RLE" && physical === "BOOLEAN") {
    return Array.from(
      readHybrid(new Cursor(page.take(page.int32()), fail), 1, count, fail),
      (bit) => bit === 1,
    );
  }
  if (encoding === "DELTA_BINARY_PACKED" && isWhole)
    return readDeltas(page, physical === "INT32" ? 32 : 64, count, fail);
  if (encoding === "DELTA_LENGTH_BYTE_ARRAY" && physical === "BYTE_ARRAY")
    return readDeltaLengths(page, count, fail);
  if (encoding === "DELTA_BYTE_ARRAY" && physical.endsWith("BYTE_ARRAY")) {
    const cells = readDeltaBytes(page, count, fail, (bytes) => {
      budget.spend(bytes);
    });
    if (physical === "BYTE_ARRAY" || cells.every((cell) => cell.length === column.length)) return cells;
    throw fail(`has values of other lengths than ${column.length} bytes`);
  }
  if (encoding === "BYTE_STREAM_SPLIT") return readSplit(page, physical, column.length, count, fail);
  throw fail(`has ${physical} in the encoding ${encoding}, which is not read here`);
}
