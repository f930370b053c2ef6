import { readFileBytes, type BlobLike } from "@stargrad/io";
import { ArgumentError } from "@stargrad/tensor";
import { expectValues, hintFor, writeValue } from "@stargrad/tensor/internal";

/** A file in a page: one that was dropped or chosen, or any `Blob` with a name. */
export interface NamedBlob extends BlobLike {
  readonly name: string;
  /** The path from the chosen folder: `pets/cat/1.png`. */
  readonly webkitRelativePath?: string;
}

/** Where bytes come from: a path, or a `File` or `Blob`. */
export type Source = string | BlobLike;

/** Throws: ArgumentError unless the value is a source */
export function expectSource(called: string, source: unknown): void {
  expectValues(called, { source }, [
    "a path, a File or a Blob",
    (value) => typeof value === "string" || value instanceof Blob,
  ]);
}

/** Throws: ArgumentError unless the value is bytes. `reader`: the function that reads a file instead */
export function expectBytes(called: string, bytes: unknown, reader: string): void {
  if (Object.prototype.toString.call(bytes) === "[object Uint8Array]") return;
  throw new ArgumentError(
    called,
    `got ${writeValue(bytes)}; expected the bytes of a file, a Uint8Array`,
    hintFor(bytes, `To read a file, use ${reader}(path)`),
  );
}

/** The name of a source for messages. */
export function nameOf(source: Source): string {
  if (typeof source === "string") return source;
  return "name" in source && typeof source.name === "string" ? source.name : "a Blob";
}

/** All bytes of a file or a blob. */
export async function readBytes(source: Source, called: string): Promise<Uint8Array> {
  if (typeof source === "string") return readFileBytes(source, called);
  return new Uint8Array(await source.arrayBuffer());
}
