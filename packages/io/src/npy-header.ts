import { describeShape, quote, type Fail } from "./errors.js";
import * as stored from "./stored-types.js";
import type { StoredType } from "./stored-types.js";

export interface NpyHeader {
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** Where in the file the data starts. */
  readonly dataStart: number;
}

export const magic = "\x93NUMPY";

/** The limit of `numpy.load` (`max_header_size`). The header of a plain array takes about 100 bytes. */
const longestHeader = 10_000;

/** NumPy's type codes: byte order (`<` little-endian, `|` none), kind, bytes. */
const readable = new Map<string, StoredType>([
  ["|b1", stored.bool],
  ["|i1", stored.int8],
  ["|u1", stored.uint8],
  ["<i2", stored.int16],
  ["<u2", stored.uint16],
  ["<i4", stored.int32],
  ["<i8", stored.int64],
  ["<f2", stored.float16],
  ["<f4", stored.float32],
  ["<f8", stored.float64],
]);

/** Reads the magic string, the version and the dictionary, and checks that the size of the data matches the dictionary. */
export function readNpyHeader(bytes: Uint8Array, fail: Fail): NpyHeader {
  if (bytes.length < 10 || latin1(bytes.subarray(0, magic.length)) !== magic) {
    throw fail("does not begin with \\x93NUMPY", "Is this an npy file?");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) throw fail(`is format version ${version}.${bytes[7]}, expected 1, 2 or 3`);
  const lengthBytes = version === 1 ? 2 : 4;
  const textStart = magic.length + 2 + lengthBytes;
  if (bytes.length < textStart) throw fail("the header is cut off");
  const textLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textLength > longestHeader) {
    throw fail(`the header claims ${textLength} bytes, at most ${longestHeader} are allowed`);
  }
  const dataStart = textStart + textLength;
  if (bytes.length < dataStart) {
    throw fail(`the header ends at byte ${dataStart} of ${bytes.length}`, "Is the file cut off?");
  }

  const fields = parseDictionary(latin1(bytes.subarray(textStart, dataStart)), fail);
  const type = readable.get(fields.descr);
  if (type === undefined) {
    throw fail(
      `cannot read the dtype ${quote(fields.descr)}, only ${[...readable.keys()].join(", ")}`,
      "Convert it before saving: array.astype('<f4')",
    );
  }
  checkLength(bytes.length - dataStart, type, fields.shape, fail);
  return { type, shape: fields.shape, fortranOrder: fields.fortranOrder, dataStart };
}

/** One entry of the Python dictionary that NumPy writes as the header, in the subset of Python that a header needs. */
const entry = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\dL,\s]*\)|\[.*\])\s*(?:,|(?=\}))/y;

function parseDictionary(
  text: string,
  fail: Fail,
): { descr: string; fortranOrder: boolean; shape: readonly number[] } {
  const fields = new Map<string, string>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    entry.lastIndex = at;
    const match = entry.exec(text);
    if (match === null) break;
    const [, key, value] = match;
    if (fields.has(key)) throw fail(`the header gives ${quote(key)} twice`);
    fields.set(key, value);
    at = entry.lastIndex;
  }
  const descr = fields.get("descr");
  const shape = fields.get("shape");
  const fortranOrder = fields.get("fortran_order");
  const isDictionary = /^\s*\{/.test(text) && /^\s*\}\s*$/.test(text.slice(at)) && fields.size === 3;
  if (isDictionary && descr?.startsWith("[")) {
    throw fail(`holds structured elements ${quote(descr)}, expected plain numbers`);
  }
  if (
    !isDictionary ||
    !descr?.startsWith("'") ||
    !shape?.startsWith("(") ||
    (fortranOrder !== "True" && fortranOrder !== "False")
  ) {
    throw fail(`expected a header with 'descr', 'fortran_order' and 'shape', got ${quote(text.trim())}`);
  }
  return { descr: descr.slice(1, -1), fortranOrder: fortranOrder === "True", shape: parseTuple(shape) };
}

/** Parses `(2, 3)`, a tuple of one number `(3,)`, and numbers as Python 2 wrote them, `3L`. Anything else becomes NaN. */
function parseTuple(tuple: string): number[] {
  const items = tuple.slice(1, -1).split(",");
  return items
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => Number(/^(\d+)L?$/.exec(item)?.[1]));
}

function checkLength(length: number, type: StoredType, shape: readonly number[], fail: Fail): void {
  let expected = type.bytes;
  for (const axis of shape) {
    expected *= axis;
    // Also false for a NaN from a malformed number.
    if (!Number.isSafeInteger(expected)) throw fail(`no array can have the shape ${describeShape(shape)}`);
  }
  if (length !== expected) {
    throw fail(
      `the shape ${describeShape(shape)} takes ${expected} bytes, ${length} follow the header`,
      length < expected ? "Is the file cut off?" : "Was something appended to it?",
    );
  }
}

/** Latin-1 maps every byte to one character. A header in UTF-8 (version 3) differs only in field names, which are not read. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
