import { fromData, type DType, type Tensor } from "@stargrad/tensor";

import { calling, expectArgument } from "./arguments.js";
import { failing, type Fail } from "./errors.js";
import { readFileBytes, writeFileAtomically } from "./files.js";
import { magic, readNpyHeader } from "./npy-header.js";

/**
 * Reads one array as `numpy.save` writes it: format versions 1 to 3, C or Fortran order, little-endian.
 *
 * bool, int32, float32 and float64 keep their type. float16 is widened to float32. int8, uint8, int16 and uint16 become
 * int32; so does int64 if every value fits.
 *
 * Throws: FormatError for a malformed or incomplete file and for other dtypes
 * Source: numpy.lib.format
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  return decode("decodeNpy", bytes);
}

/**
 * Reads an npy file, as {@link decodeNpy} does.
 *
 * Throws: FormatError naming the file; StargradError if the file cannot be read
 */
export async function readNpy(path: string): Promise<Tensor> {
  const called = calling("readNpy", path);
  return decode(called, await readFileBytes(path, called));
}

/**
 * Writes one array in the npy format that `numpy.load` reads: version 1, C order.
 *
 * Throws: FormatError for more than 64 axes, NumPy's limit; ArgumentError unless it is a tensor
 */
export async function encodeNpy(tensor: Tensor): Promise<Uint8Array> {
  return encode("encodeNpy", tensor);
}

/**
 * Writes an npy file, as {@link encodeNpy} does. The file is replaced atomically ({@link writeFileAtomically}).
 *
 * Throws: FormatError for more than 64 axes; StargradError if the file cannot be written
 */
export async function writeNpy(path: string, tensor: Tensor): Promise<void> {
  const called = calling("writeNpy", path);
  await writeFileAtomically(path, encode(called, tensor), { called });
}

function decode(called: string, bytes: Uint8Array): Tensor {
  expectArgument(called, "bytes", bytes);
  return decodeArray(bytes, failing(called));
}

/** The array that the bytes of an npy file are. */
export function decodeArray(bytes: Uint8Array, fail: Fail): Tensor {
  const { type, shape, fortranOrder, dataStart } = readNpyHeader(bytes, fail);
  const values = type.read(bytes.subarray(dataStart), fail);
  if (!fortranOrder) return fromData(values, shape);
  // An array in Fortran order is an array in C order with its axes reversed.
  return fromData(values, shape.toReversed()).permute(shape.map((_, axis) => shape.length - 1 - axis));
}

const typeCodes: Record<DType, string> = { bool: "|b1", int32: "<i4", float32: "<f4", float64: "<f8" };

async function encode(called: string, tensor: Tensor): Promise<Uint8Array> {
  expectArgument(called, "tensor", tensor);
  return encodeArray(tensor, failing(called));
}

/** The bytes of an npy file with the values that the tensor has now. */
export async function encodeArray(tensor: Tensor, fail: Fail): Promise<Uint8Array> {
  if (tensor.ndim > 64) throw fail(`got ${tensor.ndim} axes, NumPy has at most 64`);
  const { buffer, byteOffset, byteLength } = await tensor.data();
  // In Python, a tuple of one element ends with a comma.
  const shape = tensor.shape.join(", ") + (tensor.ndim === 1 ? "," : "");
  const dictionary = `{'descr': '${typeCodes[tensor.dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;

  // The dictionary is padded with spaces and a newline, so that the data starts at a multiple of 64.
  const textStart = magic.length + 4;
  const dataStart = Math.ceil((textStart + dictionary.length + 1) / 64) * 64;
  const text = `${dictionary.padEnd(dataStart - textStart - 1)}\n`;
  const bytes = new Uint8Array(dataStart + byteLength);
  bytes.set(fromLatin1(magic));
  bytes.set([1, 0, text.length & 0xff, text.length >> 8], magic.length);
  bytes.set(fromLatin1(text), textStart);
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength), dataStart);
  return bytes;
}

function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
