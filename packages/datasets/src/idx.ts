import { FormatError } from "@stargrad/io";
import { ArgumentError } from "@stargrad/tensor";
import { expectOptions, number } from "@stargrad/tensor/internal";

import { gunzip, gunzipLater, gunzipStart, isGzip } from "./gzip.js";
import { expectBytes, expectSource, nameOf, readBytes, type Source } from "./source.js";

/** An array in the IDX format of the MNIST files. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

export interface DecodeIdxOptions {
  /** The maximum size of a compressed file after decompression, in bytes. Default: 2³⁰. */
  readonly limit?: number;
}

/** The element type that each value of a file's third byte stands for. */
const elementTypes = [
  { code: 0x08, array: Uint8Array },
  { code: 0x09, array: Int8Array },
  { code: 0x0b, array: Int16Array },
  { code: 0x0c, array: Int32Array },
  { code: 0x0d, array: Float32Array },
  { code: 0x0e, array: Float64Array },
] as const;

/**
 * Reads the IDX format, plain or gzipped: two zero bytes, the element type, the number of axes, the lengths of the axes,
 * and the elements, all big-endian.
 *
 * Throws: FormatError for anything else, for too few or too many bytes, and for a compressed file above the limit
 * Source: http://yann.lecun.com/exdb/mnist/
 */
export function decodeIdx(bytes: Uint8Array, options?: DecodeIdxOptions): Idx {
  const called = "decodeIdx";
  expectBytes(called, bytes, "readIdx");
  const limit = limitOf(called, options);
  return decode(called, isGzip(bytes) ? decompress(called, bytes, limit) : bytes);
}

/**
 * Reads an IDX file, as {@link decodeIdx} does: a path, or a `File` or `Blob` of a page. It also unpacks gzip in a page.
 *
 * Throws: FormatError naming the file; StargradError if the file cannot be read
 */
export async function readIdx(source: Source, options: DecodeIdxOptions = {}): Promise<Idx> {
  expectSource("readIdx", source);
  const called = `readIdx(${nameOf(source)})`;
  const limit = limitOf(called, options);
  const bytes = await readBytes(source, called);
  if (!isGzip(bytes)) return decode(called, bytes);
  return decode(called, await gunzipLater(called, bytes, (start) => announcedSize(called, start, limit)));
}

/**
 * Writes the IDX format, uncompressed.
 *
 * Throws: ArgumentError if the data does not match the shape, or is not an array of one of the six types
 */
export function encodeIdx({ shape, data }: Idx): Uint8Array {
  const type = elementTypes.find(({ array }) => data instanceof array);
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (type === undefined || size !== data.length) {
    throw new ArgumentError(
      "encodeIdx",
      `got ${data.length} elements of ${data.constructor.name} for the shape [${shape.join(", ")}], which has ${size}`,
    );
  }
  const dataStart = 4 + 4 * shape.length;
  const bytes = new Uint8Array(dataStart + data.byteLength);
  bytes.set([0, 0, type.code, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [i, axis] of shape.entries()) view.setUint32(4 + 4 * i, axis);
  const elements = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  bytes.set(swapBytes(elements, data.BYTES_PER_ELEMENT), dataStart);
  return bytes;
}

interface Header {
  readonly array: (typeof elementTypes)[number]["array"];
  readonly shape: readonly number[];
  readonly dataStart: number;
  /** Bytes of the whole file, header included. */
  readonly size: number;
}

function limitOf(called: string, options: DecodeIdxOptions = {}): number {
  expectOptions(called, options, { limit: number });
  return options.limit ?? 2 ** 30;
}

function decode(called: string, bytes: Uint8Array): Idx {
  const { array, shape, dataStart, size } = readHeader(called, bytes);
  if (bytes.length !== size) {
    throw new FormatError(
      called,
      `the shape [${shape.join(", ")}] takes ${size - dataStart} bytes, ${bytes.length - dataStart} follow the header`,
      bytes.length < size ? "Is the file cut off?" : "Was something appended to it?",
    );
  }
  const data = swapBytes(bytes.subarray(dataStart), array.BYTES_PER_ELEMENT);
  return { shape, data: new array(data.buffer) };
}

/** Unpacks no more than the size that follows from the header, so a hostile file cannot fill the memory. */
function decompress(called: string, bytes: Uint8Array, limit: number): Uint8Array {
  return gunzip(called, bytes, announcedSize(called, gunzipStart(called, bytes), limit));
}

/** The size of the whole file, from its beginning. */
function announcedSize(called: string, start: Uint8Array, limit: number): number {
  const { shape, size } = readHeader(called, start);
  if (size <= limit) return size;
  throw new FormatError(called, `the shape [${shape.join(", ")}] takes ${size} bytes, the limit is ${limit}`);
}

function readHeader(called: string, bytes: Uint8Array): Header {
  const [zero, alsoZero, code, rank] = bytes;
  const array = elementTypes.find((type) => type.code === code)?.array;
  if (bytes.length < 4 || zero !== 0 || alsoZero !== 0 || array === undefined) {
    const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new FormatError(
      called,
      `begins with the bytes [${start}], expected 00 00, an element type (08, 09, 0b … 0e) and the number of axes`,
      "Is this an IDX file?",
    );
  }
  const dataStart = 4 + 4 * rank;
  if (bytes.length < dataStart) {
    const problem = `the header takes ${dataStart} bytes, there are ${bytes.length}`;
    throw new FormatError(called, problem, "Is the file cut off?");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, dataStart);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, axis) => product * axis, array.BYTES_PER_ELEMENT);
  if (!Number.isSafeInteger(size)) {
    throw new FormatError(called, `the shape [${shape.join(", ")}] is impossibly large`);
  }
  return { array, shape, dataStart, size: dataStart + size };
}

/** Returns a copy with the bytes of every element reversed: from big-endian to little-endian, or back. */
function swapBytes(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const { buffer } = new Uint8Array(bytes);
  if (width === 2) {
    const elements = new Uint16Array(buffer);
    for (let i = 0; i < elements.length; i++) elements[i] = (elements[i] << 8) | (elements[i] >>> 8);
  } else if (width > 2) {
    const words = new Uint32Array(buffer);
    for (let i = 0; i < words.length; i++) words[i] = reversed(words[i]);
    for (let i = 1; width === 8 && i < words.length; i += 2) {
      const first = words[i - 1];
      words[i - 1] = words[i];
      words[i] = first;
    }
  }
  return new Uint8Array(buffer);
}

/** The four bytes of a word in reverse order. */
function reversed(word: number): number {
  return (word << 24) | ((word << 8) & 0xff_00_00) | ((word >>> 8) & 0xff_00) | (word >>> 24);
}
