import type { Fail } from "../fail.js";
import { Cursor } from "./cursor.js";
import type { PhysicalType } from "./metadata.js";

/** A value as it is stored. Whole numbers beyond 2⁵³ are bigints. */
export type Cell = number | bigint | boolean | Uint8Array;

const widths: Readonly<Partial<Record<PhysicalType, number>>> = {
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
};

/**
 * Values one after the other.
 *
 * Source of all encodings: https://parquet.apache.org/docs/file-format/data-pages/encodings/
 */
export function readPlain(
  cursor: Cursor,
  type: PhysicalType,
  length: number,
  count: number,
  fail: Fail,
): Cell[] {
  if (type === "BOOLEAN") {
    const bytes = cursor.take(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, i) => ((bytes[i >> 3] >> (i & 7)) & 1) === 1);
  }
  if (type === "BYTE_ARRAY") {
    expectRoom(cursor, 4 * count, fail);
    return Array.from({ length: count }, () => cursor.take(cursor.int32()));
  }
  const width = widths[type] ?? length;
  expectRoom(cursor, width * count, fail);
  return Array.from({ length: count }, () => readOne(cursor, type, width));
}

/** Before a list of `count` elements is made. */
function expectRoom(cursor: Cursor, bytes: number, fail: Fail): void {
  if (!(bytes <= cursor.left)) throw fail(`has values of ${bytes} bytes in a page with ${cursor.left}`);
}

function readOne(cursor: Cursor, type: PhysicalType, width: number): Cell {
  if (type === "INT32") return cursor.int32();
  if (type === "FLOAT") return cursor.float32();
  if (type === "DOUBLE") return cursor.float64();
  return type === "INT64" ? exact(cursor.int64()) : cursor.take(width);
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Whole numbers of at most 32 bits, as runs of equal ones and as packed groups of eight. */
export function readHybrid(cursor: Cursor, width: number, count: number, fail: Fail): Int32Array {
  if (width > 32) throw fail(`has numbers of ${width} bits; expected at most 32`);
  const values = new Int32Array(count);
  for (let at = 0; at < count;) {
    const head = cursor.varint();
    const length = Math.floor(head / 2);
    if (head % 2 === 0) {
      const end = Math.min(count, at + length);
      let value = 0;
      for (let i = 0; i < Math.ceil(width / 8); i++) value |= cursor.byte() << (8 * i);
      values.fill(value, at, end);
      at = end;
    } else {
      const end = Math.min(count, at + 8 * length);
      // Some writers leave out the end of the last group.
      const bytes = cursor.take(
        Math.min(width * length, Math.max(cursor.left, Math.ceil(((end - at) * width) / 8))),
      );
      for (let bit = 0; at < end; at++, bit += width) values[at] = Number(bitsAt(bytes, bit, width)) | 0;
    }
  }
  return values;
}

/** The bits from a place on, the lowest first. */
function bitsAt(bytes: Uint8Array, begin: number, width: number): number | bigint {
  let [low, high] = [0, 0n];
  for (let got = 0; got < width;) {
    const at = begin + got;
    const shift = at & 7;
    const take = Math.min(8 - shift, width - got);
    const bits = (bytes[Math.floor(at / 8)] >> shift) & ((1 << take) - 1);
    if (got < 40) low += bits * 2 ** got;
    else high |= BigInt(bits) << BigInt(got);
    got += take;
  }
  return width <= 40 ? low : high | BigInt(low);
}

/** Whole numbers as differences, DELTA_BINARY_PACKED. `bits`: of a number, 32 or 64 */
export function readDeltas(cursor: Cursor, bits: number, count: number, fail: Fail): (number | bigint)[] {
  const [blockSize, blocks, total] = [cursor.varint(), cursor.varint(), cursor.varint()];
  const perBlock = blockSize / blocks;
  if (
    !(Number.isInteger(perBlock) && perBlock > 0 && perBlock % 8 === 0 && perBlock <= 2 ** 16) ||
    total < count
  ) {
    throw fail(`has blocks of ${blockSize} numbers in ${blocks} parts, ${total} in all; expected ${count}`);
  }
  let value = BigInt.asIntN(bits, cursor.zigzag());
  const values: (number | bigint)[] = count > 0 ? [exact(value)] : [];
  // Also what is left of the last block belongs to it.
  for (let read = 1; read < total;) {
    const least = cursor.zigzag();
    const partWidths = cursor.take(blocks);
    for (const width of partWidths) {
      if (read >= total) break;
      if (width > 64) throw fail(`has differences of ${width} bits`);
      const packed = cursor.take((perBlock * width) / 8);
      for (let i = 0; i < perBlock && read < total; i++, read++) {
        if (values.length === count) {
          read = total;
          break;
        }
        value = BigInt.asIntN(bits, value + least + BigInt(bitsAt(packed, i * width, width)));
        values.push(exact(value));
      }
    }
  }
  if (values.length !== count) throw fail(`has ${values.length} numbers in a page; expected ${count}`);
  return values;
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, and then all bytes. */
export function readDeltaLengths(cursor: Cursor, count: number, fail: Fail): Uint8Array[] {
  return readDeltas(cursor, 32, count, fail).map((length) => cursor.take(Number(length)));
}

/** DELTA_BYTE_ARRAY: how much of the value before is repeated, and what follows. `spend` hears the bytes that are made. */
export function readDeltaBytes(
  cursor: Cursor,
  count: number,
  fail: Fail,
  spend: (bytes: number) => void,
): Uint8Array[] {
  const prefixes = readDeltas(cursor, 32, count, fail);
  let before: Uint8Array = new Uint8Array(0);
  return readDeltaLengths(cursor, count, fail).map((suffix, i) => {
    const prefix = Number(prefixes[i]);
    if (!(prefix >= 0 && prefix <= before.length)) {
      throw fail(`repeats ${prefix} bytes of a value with ${before.length}`);
    }
    spend(prefix + suffix.length);
    const value = new Uint8Array(prefix + suffix.length);
    value.set(before.subarray(0, prefix));
    value.set(suffix, prefix);
    return (before = value);
  });
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on. */
export function readSplit(
  cursor: Cursor,
  type: PhysicalType,
  length: number,
  count: number,
  fail: Fail,
): Cell[] {
  const width = widths[type] ?? length;
  if (type === "BYTE_ARRAY" || type === "BOOLEAN" || type === "INT96")
    throw fail(`splits the bytes of ${type}`);
  expectRoom(cursor, width * count, fail);
  const split = cursor.take(width * count);
  const bytes = new Uint8Array(split.length);
  for (let byte = 0; byte < width; byte++) {
    for (let i = 0; i < count; i++) bytes[i * width + byte] = split[byte * count + i];
  }
  return readPlain(new Cursor(bytes, fail), type, length, count, fail);
}
