import { realize, type Tensor } from "@stargrad/tensor";
import { expectMap } from "@stargrad/tensor/internal";

import { calling, expectArgument } from "./arguments.js";
import { failing, quote } from "./errors.js";
import { readFileBytes, writeFileAtomically } from "./files.js";
import { checkSurrogates } from "./header-json.js";
import { decodeArray, encodeArray } from "./npy.js";
import { readZip, unzip } from "./zip/read-zip.js";
import { writeZip } from "./zip/write-zip.js";

/**
 * Reads arrays by name, as `numpy.savez` and `numpy.savez_compressed` write them: a zip archive of npy files.
 *
 * Element types are converted as by {@link decodeNpy}. Packed arrays take up to 1,032 times the bytes of the file.
 *
 * Throws: FormatError for a damaged archive or array, and for a file in it that is no array
 * Source: numpy.lib.npyio
 */
export async function decodeNpz(bytes: Uint8Array): Promise<Map<string, Tensor>> {
  return decode("decodeNpz", bytes);
}

/**
 * Reads an npz file, as {@link decodeNpz} does.
 *
 * Throws: FormatError naming the file and the array; StargradError if the file cannot be read
 */
export async function readNpz(path: string): Promise<Map<string, Tensor>> {
  const called = calling("readNpz", path);
  return decode(called, await readFileBytes(path, called));
}

/**
 * Writes arrays by name as `numpy.savez` does, not packed, with the values that the tensors have at the time of the call. Equal input
 * gives equal bytes. `numpy.load` reads it.
 *
 * Throws: FormatError for more than 65,535 arrays or 4 GiB, and for names of more than 65,531 bytes
 */
export async function encodeNpz(tensors: ReadonlyMap<string, Tensor>): Promise<Uint8Array> {
  return encode("encodeNpz", tensors);
}

/**
 * Writes an npz file, as {@link encodeNpz} does. The file is replaced atomically ({@link writeFileAtomically}).
 *
 * Throws: as {@link encodeNpz}; StargradError if the file cannot be written
 */
export async function writeNpz(path: string, tensors: ReadonlyMap<string, Tensor>): Promise<void> {
  const called = calling("writeNpz", path);
  await writeFileAtomically(path, encode(called, tensors), { called });
}

const ending = ".npy";

async function decode(called: string, bytes: Uint8Array): Promise<Map<string, Tensor>> {
  expectArgument(called, "bytes", bytes);
  const fail = failing(called);
  const tensors = new Map<string, Tensor>();
  for (const entry of readZip(bytes, fail).values()) {
    if (!entry.name.endsWith(ending)) {
      throw fail(`the file ${quote(entry.name)} is no array`, "Is this an archive of NumPy's?");
    }
    const name = entry.name.slice(0, -ending.length);
    const data = await unzip(entry, fail);
    tensors.set(
      name,
      decodeArray(data, (problem, hint) => fail(`array ${quote(name)}: ${problem}`, hint)),
    );
  }
  return tensors;
}

async function encode(called: string, tensors: ReadonlyMap<string, Tensor>): Promise<Uint8Array> {
  const fail = failing(called);
  expectMap(called, tensors);
  for (const [name, tensor] of tensors) {
    expectArgument(called, "tensor", tensor, `tensor ${quote(name)}`);
    checkSurrogates(name, fail);
    // In UTF-8, a character of UTF-16 has at most three bytes.
    if (3 * name.length > 0xfffb) throw fail(`the name ${quote(name)} is too long`);
  }
  if (tensors.size > 0xffff) {
    throw fail(`got ${tensors.size} arrays; an archive holds 65,535`, "Divide them among several files");
  }
  // All values are requested before the first `await`: while it waits, a parameter may be assigned a new value.
  realize(...tensors.values());
  const files = await Promise.all(
    [...tensors].map(async ([name, tensor]) => [name + ending, await encodeArray(tensor, fail)] as const),
  );
  const size = files.reduce((sum, [name, data]) => sum + data.length + 3 * name.length + 76, 0);
  if (size > 0xffffffff) throw fail("the arrays take more than 4 GiB", "Divide them among several files");
  return writeZip(new Map(files));
}
