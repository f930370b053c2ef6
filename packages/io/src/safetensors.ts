import { fromData, realize, type DType, type Tensor, type TypedArray } from "@stargrad/tensor";
import { expectMap, expectValues, type Kind } from "@stargrad/tensor/internal";

import { calling, expectArgument } from "./arguments.js";
import { failing, quote } from "./errors.js";
import { readFileBytes, writeFileAtomically, type WriteOptions } from "./files.js";
import { checkSurrogates, mostKeys, tooManyKeys } from "./header-json.js";
import { metadataKey, readHeader } from "./safetensors-header.js";
import { encodeUtf8 } from "./utf8.js";

/** The content of a safetensors file: tensors by name, and strings of metadata by name. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

/**
 * Reads the safetensors format: 8 bytes of header length, a JSON header, the data.
 *
 * F32, F64, I32 and BOOL keep their type. F16 and BF16 are widened to float32. I64 becomes int32 if every value fits.
 *
 * `called`: the name of the call in errors, for a format that builds on this one
 *
 * Throws: FormatError, naming the tensor, for every violation of the format and for other dtypes
 * Source: https://huggingface.co/docs/safetensors
 */
export function decodeSafetensors(bytes: Uint8Array, called = "decodeSafetensors"): Safetensors {
  return decode(called, bytes);
}

/**
 * Reads a safetensors file, as {@link decodeSafetensors} does.
 *
 * Throws: FormatError naming the file and the tensor; StargradError if the file cannot be read
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const called = calling("readSafetensors", path);
  return decode(called, await readFileBytes(path, called));
}

/**
 * Writes the safetensors format, with the values that the tensors have at the time of the call. Equal input gives equal
 * bytes: tensors are sorted by dtype, then by name, as in the reference implementation, so that all data is aligned;
 * metadata is sorted by key.
 *
 * Throws: FormatError for a name that the format cannot represent, and for more than 2¹⁷ tensors or texts
 */
export async function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: ReadonlyMap<string, string>,
): Promise<Uint8Array> {
  return encode("encodeSafetensors", tensors, metadata);
}

/**
 * Writes a safetensors file, as {@link encodeSafetensors} does. The file is replaced atomically
 * ({@link writeFileAtomically}); with `overwrite: false`, an existing file is an error.
 *
 * Throws: FormatError for a name that the format cannot represent; StargradError if the file cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: ReadonlyMap<string, string>,
  { overwrite }: Pick<WriteOptions, "overwrite"> = {},
): Promise<void> {
  const called = calling("writeSafetensors", path);
  await writeFileAtomically(path, encode(called, tensors, metadata), { called, overwrite });
}

function decode(called: string, bytes: Uint8Array): Safetensors {
  expectArgument(called, "bytes", bytes);
  const fail = failing(called);
  const { entries, metadata, dataStart } = readHeader(bytes, fail);
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, begin, end } of entries) {
    const data = bytes.subarray(dataStart + begin, dataStart + end);
    const values = type.read(data, (problem, hint) => fail(`tensor ${quote(name)}: ${problem}`, hint));
    tensors.set(name, fromData(values, shape));
  }
  return { tensors, metadata };
}

/** The format's names of our dtypes, in the order in which the reference implementation lays out their data. */
const layout = [
  { dtype: "float64", name: "F64", bytes: 8 },
  { dtype: "float32", name: "F32", bytes: 4 },
  { dtype: "int32", name: "I32", bytes: 4 },
  { dtype: "bool", name: "BOOL", bytes: 1 },
] as const satisfies readonly { dtype: DType; name: string; bytes: number }[];

const mapKind: Kind = ["a Map", (value) => typeof value === "object" && value !== null && "entries" in value];

async function encode(
  called: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<Uint8Array> {
  const fail = failing(called);
  expectMap(called, tensors);
  expectValues(called, { metadata }, mapKind);
  for (const [name, tensor] of tensors) expectArgument(called, "tensor", tensor, `tensor ${quote(name)}`);
  if (tensors.has(metadataKey)) throw fail(`a tensor cannot be named ${metadataKey}`);
  if (Math.max(tensors.size, metadata.size) > mostKeys)
    throw fail(tooManyKeys, "Divide them among several files");
  expectValues(called, Object.fromEntries(metadata), ["a string", (value) => typeof value === "string"]);
  for (const text of [...tensors.keys(), ...metadata.keys(), ...metadata.values()])
    checkSurrogates(text, fail);

  const byName = [...tensors].sort(([a], [b]) => compareCodePoints(a, b));
  const ordered = layout.flatMap((type) =>
    byName
      .filter(([, tensor]) => tensor.dtype === type.dtype)
      .map(([name, tensor]) => ({ name, tensor, type })),
  );

  const fields: string[] = [];
  if (metadata.size > 0) {
    const texts = [...metadata].sort(([a], [b]) => compareCodePoints(a, b));
    fields.push(
      field(metadataKey, `{${texts.map(([key, text]) => field(key, JSON.stringify(text))).join()}}`),
    );
  }
  let end = 0;
  for (const { name, tensor, type } of ordered) {
    const begin = end;
    end += tensor.size * type.bytes;
    fields.push(
      field(name, JSON.stringify({ dtype: type.name, shape: tensor.shape, data_offsets: [begin, end] })),
    );
  }

  // All values are requested before the first `await`: while it waits, a parameter may be assigned a new value.
  realize(...tensors.values());
  const values = await Promise.all(ordered.map(({ tensor }) => tensor.data()));
  return assemble(`{${fields.join()}}`, values, end);
}

function assemble(header: string, values: readonly TypedArray[], size: number): Uint8Array {
  const text = encodeUtf8(header);
  const dataStart = 8 + Math.ceil(text.length / 8) * 8;
  // The header is padded with spaces, so that the data is aligned.
  const bytes = new Uint8Array(dataStart + size).fill(" ".charCodeAt(0), 0, dataStart);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.set(text, 8);
  let at = dataStart;
  for (const { buffer, byteOffset, byteLength } of values) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

function field(key: string, json: string): string {
  return `${JSON.stringify(key)}:${json}`;
}

/** Compares as UTF-8 bytes compare, which is the order of the reference implementation. `<` would compare UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0);
  const differs = left.findIndex((point, i) => point !== right[i]);
  if (differs === -1) return left.length - right.length;
  return differs < right.length ? left[differs] - right[differs] : 1;
}
