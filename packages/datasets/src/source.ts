import { readFileBytes } from "@stargrad/io";

/** A file in a page: one that was dropped or chosen, or any `Blob` with a name. */
export interface NamedBlob extends Blob {
  readonly name: string;
  /** The path from the chosen folder: `pets/cat/1.png`. */
  readonly webkitRelativePath?: string;
}

/** Where bytes come from: a path, or a `File` or `Blob`. */
export type Source = string | Blob;

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
