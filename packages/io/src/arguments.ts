import { ArgumentError } from "@stargrad/tensor";
import { hintFor, tensorLike, writeValue, type Kind } from "@stargrad/tensor/internal";

import type { BlobLike } from "./blob.js";

const path: Kind = ["a path, as a string", (value) => typeof value === "string" && value !== ""];

const bytes: Kind = [
  "bytes, as a Uint8Array",
  // Also of another realm.
  (value) => Object.prototype.toString.call(value) === "[object Uint8Array]",
];

/** Whether the value is a `File` or `Blob`. */
export function isBlob(value: unknown): value is BlobLike {
  return typeof Blob === "function" && value instanceof Blob;
}

const source: Kind = ["a path, a File or a Blob", (value) => path[1](value) || isBlob(value)];

const kinds = { path, bytes, source, tensor: tensorLike };

/**
 * Checks an argument at run time; `name` is what an error calls it.
 *
 * Throws: ArgumentError unless the value is of the kind
 */
export function expectArgument(
  called: string,
  kind: keyof typeof kinds,
  value: unknown,
  name: string = kind,
): void {
  const [expected, accepts] = kinds[kind];
  if (accepts(value)) return;
  const got = writeValue(value);
  const hint = value instanceof ArrayBuffer ? "Convert it with new Uint8Array(buffer)" : undefined;
  throw new ArgumentError(called, `got ${name} ${got}; expected ${expected}`, hintFor(value, hint));
}

/** A call as errors show it, `readNpy(a.npy)`. Throws: ArgumentError unless the path is a string */
export function calling(name: string, given: string): string {
  expectArgument(name, "path", given);
  return `${name}(${given})`;
}
