import { describe, describeShape, quote, type Fail } from "./errors.js";
import { parseHeaderJson } from "./header-json.js";
import * as stored from "./stored-types.js";
import type { StoredType } from "./stored-types.js";
import { decodeUtf8 } from "./utf8.js";

/** One tensor as the header describes it; `begin` and `end` are byte offsets into the data. */
export interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Map<string, string>;
  /** Where in the file the data starts. */
  readonly dataStart: number;
}

export const metadataKey = "__metadata__";

const cutOff = "Is the file cut off?";

/** The limit of the reference implementation. */
const longestHeader = 100_000_000;

const readable = new Map<unknown, StoredType>([
  ["BOOL", stored.bool],
  ["I32", stored.int32],
  ["I64", stored.int64],
  ["F16", stored.float16],
  ["BF16", stored.bfloat16],
  ["F32", stored.float32],
  ["F64", stored.float64],
]);

/**
 * Reads the header and validates all of it: every entry lies inside the file, its size matches its shape and dtype, and
 * the entries together cover the data exactly once, without a gap. `start` is the file, or its beginning with the whole header, and
 * `fileLength` the number of bytes of the file.
 */
export function readHeader(start: Uint8Array, fileLength: number, fail: Fail): Header {
  const dataStart = startOfData(start, fileLength, fail);
  const json = parseHeaderJson(headerText(start.subarray(8, dataStart), fail), fail);
  const dataLength = fileLength - dataStart;

  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of fieldsOf(json, "the header", fail)) {
    if (name === metadataKey) readMetadata(value, metadata, fail);
    else entries.push(readEntry(name, value, dataLength, fail));
  }
  checkCoverage(entries, dataLength, fail);
  return { entries, metadata, dataStart };
}

/** Where the data starts, as the first 8 bytes of the file say. */
export function startOfData(start: Uint8Array, fileLength: number, fail: Fail): number {
  if (fileLength < 8) {
    throw fail(`${fileLength} bytes are too few for the header's length, which takes 8`, cutOff);
  }
  // The conversion rounds numbers above 2^53; all of them exceed the limit, so the check is still exact.
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > longestHeader) {
    throw fail(
      `the header claims ${length} bytes, at most ${longestHeader} are allowed`,
      "Is this safetensors?",
    );
  }
  if (length > fileLength - 8) {
    throw fail(`the header claims ${length} bytes, only ${fileLength - 8} follow`, cutOff);
  }
  return 8 + length;
}

function headerText(bytes: Uint8Array, fail: Fail): string {
  if (bytes[0] !== "{".charCodeAt(0)) {
    throw fail("the header must begin with {", "Is this a safetensors file?");
  }
  const text = decodeUtf8(bytes);
  if (text === null) throw fail("the header is not valid UTF-8");
  return text;
}

function readMetadata(value: unknown, metadata: Map<string, string>, fail: Fail): void {
  for (const [key, text] of fieldsOf(value, metadataKey, fail)) {
    if (typeof text !== "string") {
      throw fail(`${metadataKey} must map strings to strings, but ${quote(key)} is ${describe(text)}`);
    }
    metadata.set(key, text);
  }
}

function readEntry(name: string, value: unknown, dataLength: number, fail: Fail): Entry {
  const entry = fieldsOf(value, `tensor ${quote(name)}`, fail);
  const failTensor: Fail = (problem, hint) => fail(`tensor ${quote(name)}: ${problem}`, hint);
  for (const key of entry.keys()) {
    if (!["dtype", "shape", "data_offsets"].includes(key)) throw failTensor(`unexpected key ${quote(key)}`);
  }
  const dtype = entry.get("dtype");
  const type = readable.get(dtype);
  if (type === undefined) {
    throw failTensor(`cannot read the dtype ${describe(dtype)}, only ${[...readable.keys()].join(", ")}`);
  }
  const shape = counts(entry.get("shape"));
  if (shape === undefined) throw failTensor("shape must be an array of whole numbers of at least 0");
  const offsets = counts(entry.get("data_offsets"));
  if (offsets?.length !== 2 || offsets[0] > offsets[1]) {
    throw failTensor("data_offsets must be [begin, end] with whole numbers and begin ≤ end");
  }
  if (offsets[1] > dataLength) {
    throw failTensor(
      `its data end at byte ${offsets[1]}, the file has ${dataLength} after the header`,
      cutOff,
    );
  }
  const [begin, end] = offsets;
  const expected = byteLength(shape, type, failTensor);
  if (expected !== end - begin) {
    throw failTensor(
      `${String(dtype)} of shape ${describeShape(shape)} takes ${expected} bytes, its data_offsets give ${end - begin}`,
    );
  }
  return { name, type, shape, begin, end };
}

/** The fields of a JSON object as a Map, because in a Map a key named `__proto__` has no special meaning. */
function fieldsOf(value: unknown, what: string, fail: Fail): Map<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fail(`${what} must be an object, but is ${describe(value)}`);
  }
  return new Map(Object.entries(value as Record<string, unknown>));
}

function counts(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every(isCount) ? (value as number[]) : undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && !Object.is(value, -0);
}

function byteLength(shape: readonly number[], type: StoredType, fail: Fail): number {
  let length = type.bytes;
  for (const axis of shape) {
    length *= axis;
    // Above 2^53 the product would be rounded, and a rounded size could equal a forged one.
    if (!Number.isSafeInteger(length)) throw fail(`the shape ${describeShape(shape)} is impossibly large`);
  }
  return length;
}

/** Bytes that belong to no tensor, or to two, could hide content from other readers of the file. */
function checkCoverage(entries: readonly Entry[], dataLength: number, fail: Fail): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const problem = begin < covered ? "overlaps the tensor before it" : "leaves a gap in the data";
      throw fail(
        `tensor ${quote(name)}: ${problem}: it begins at ${begin}, the one before it ends at ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== dataLength) {
    const problem = `the tensors end at byte ${covered} of the data, which has ${dataLength} bytes`;
    throw fail(problem, "Was something appended to it?");
  }
}
