import { StargradError, type DType, type Tensor } from "@stargrad/tensor";

import { expectArgument, isBlob } from "./arguments.js";
import type { BlobLike } from "./blob.js";
import type { ByteSource } from "./byte-source.js";
import { describe, failing, quote, type Fail } from "./errors.js";
import { folderOf, openFile, readFileBytes } from "./files.js";
import { readHeader, startOfData, type Entry } from "./safetensors-header.js";
import { readTensor } from "./safetensors.js";
import { decodeUtf8 } from "./utf8.js";

/** What a safetensors file says about a tensor. */
export interface TensorEntry {
  /** The element type that it has when it is read. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Its bytes in the file. */
  readonly bytes: number;
}

/** A part of a file: the tensors that lie in one source. */
interface Part {
  readonly source: ByteSource;
  readonly entries: readonly Entry[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly dataStart: number;
}

/** One or several safetensors files, of which single tensors are read. {@link openSafetensors} makes it. */
export class SafetensorsFile implements AsyncIterable<readonly [name: string, tensor: Tensor]> {
  /** What there is, without its values. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** The texts of all files; of several with one name, the first. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #called: string;
  readonly #places: ReadonlyMap<string, { readonly part: Part; readonly entry: Entry }>;

  /** @internal */
  constructor(called: string, parts: readonly Part[]) {
    this.#called = called;
    const places = new Map<string, { part: Part; entry: Entry }>();
    for (const part of parts) {
      for (const entry of part.entries) {
        if (places.has(entry.name)) throw failing(called)(`two files have a tensor ${quote(entry.name)}`);
        places.set(entry.name, { part, entry });
      }
    }
    this.#places = places;
    this.entries = new Map(
      [...places].map(([name, { entry }]) => [
        name,
        { dtype: entry.type.dtype, shape: [...entry.shape], bytes: entry.end - entry.begin },
      ]),
    );
    this.metadata = new Map(parts.flatMap(({ metadata }) => [...metadata]).reverse());
  }

  /**
   * Reads one tensor; nothing else of the file is read.
   *
   * Throws: FormatError for values that have no place in Stargrad; StargradError for an unknown name, and if the file was changed after
   * it was opened
   */
  async read(name: string): Promise<Tensor> {
    const place = this.#places.get(name);
    if (place === undefined) {
      const hint = `There are ${this.#places.size} tensors; entries.keys() lists them`;
      throw new StargradError("SafetensorsFile.read", `${this.#called} has no tensor ${quote(name)}`, hint);
    }
    const { part, entry } = place;
    const data = await part.source.read(part.dataStart + entry.begin, part.dataStart + entry.end);
    return readTensor(entry, data, failing(this.#called));
  }

  /** Reads all tensors, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [name: string, tensor: Tensor]> {
    for (const name of this.#places.keys()) yield [name, await this.read(name)] as const;
  }
}

/**
 * Opens safetensors files without reading their values, so that they may be larger than memory: `await file.read(name)` reads one tensor.
 * `source` is a path, a `File` or `Blob` of a page, several of them, or the path of an index: a JSON file with a `weight_map` of tensor
 * names to the files beside it, as large models have it (`model.safetensors.index.json`).
 *
 * There is nothing to close. The headers of all files are validated as by {@link decodeSafetensors}.
 *
 * Throws: FormatError for a malformed header or index; StargradError if a file cannot be read
 * Source: https://huggingface.co/docs/safetensors
 */
export async function openSafetensors(
  source: string | BlobLike | readonly (string | BlobLike)[],
): Promise<SafetensorsFile> {
  const name = "openSafetensors";
  if (Array.isArray(source)) {
    const parts = await Promise.all(source.map((one: string | BlobLike) => openPart(name, one)));
    return new SafetensorsFile(`${name}(${parts.map((part) => part.source.name).join(", ")})`, parts);
  }
  const single = source as string | BlobLike;
  expectArgument(name, "source", single);
  if (typeof single === "string" && single.endsWith(".json")) return openIndex(single);
  const part = await openPart(name, single);
  return new SafetensorsFile(`${name}(${part.source.name})`, [part]);
}

async function openPart(name: string, from: string | BlobLike): Promise<Part> {
  expectArgument(name, "source", from);
  const source = isBlob(from) ? blobSource(from) : await openFile(from, `${name}(${from})`);
  const fail = failing(`${name}(${source.name})`);
  const dataStart = startOfData(await source.read(0, Math.min(8, source.size)), source.size, fail);
  return { source, ...readHeader(await source.read(0, dataStart), source.size, fail) };
}

function blobSource(blob: BlobLike): ByteSource {
  return {
    name: "name" in blob && typeof blob.name === "string" ? blob.name : "a Blob",
    size: blob.size,
    read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
  };
}

/** More than any index has: 2¹⁷ names of 500 bytes. */
const longestIndex = 2 ** 26;

/** Opens the files that an index names. They must lie beside it. */
async function openIndex(path: string): Promise<SafetensorsFile> {
  const called = `openSafetensors(${path})`;
  const fail = failing(called);
  const index = await openFile(path, called);
  if (index.size > longestIndex) throw fail(`has ${index.size} bytes; an index has at most ${longestIndex}`);
  const places = readIndex(await readFileBytes(path, called), fail);
  const names = [...new Set(places.values())];
  const folder = folderOf(path, called);
  const parts = await Promise.all(names.map((file) => openPart("openSafetensors", folder + file)));
  const opened = new SafetensorsFile(called, parts);
  const tensorsOf = new Map(
    names.map((file, i) => [file, new Set(parts[i].entries.map(({ name }) => name))] as const),
  );
  for (const [name, file] of places) {
    if (tensorsOf.get(file)?.has(name) !== true) {
      throw fail(`says that ${quote(file)} has the tensor ${quote(name)}, which it has not`);
    }
  }
  return opened;
}

/** Which tensor is in which file. */
function readIndex(bytes: Uint8Array, fail: Fail): Map<string, string> {
  const text = decodeUtf8(bytes);
  if (text === null) throw fail("is not UTF-8");
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw fail(`is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const map: unknown =
    typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : null;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw fail("has no weight_map", "Is this an index of safetensors files?");
  }
  const places = new Map<string, string>();
  for (const [name, file] of Object.entries(map as Record<string, unknown>)) {
    // Names from a file must not lead to other folders.
    if (typeof file !== "string" || !/^[^/\\:]+$/.test(file) || /^\.+$/.test(file)) {
      throw fail(
        `the tensor ${quote(name)} is in ${describe(file)}; expected the name of a file beside the index`,
      );
    }
    places.set(name, file);
  }
  return places;
}
