import type { ByteStream } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";

import { failing } from "../fail.js";
import { readBytes, type Source } from "../source.js";

/** What CSV is read from: a path, a `File` or `Blob`, or a stream of bytes such as the body of a response. */
export type CsvSource = Source | ByteStream;

/**
 * The text of a source, in pieces. A byte order mark is left out.
 *
 * Throws: FormatError unless it is UTF-8; StargradError if it cannot be read
 */
export async function* textsOf(called: string, source: CsvSource): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const fail = failing(called);
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw fail("is not UTF-8", "Is it a text? Convert it to UTF-8 first", cause);
    }
  };
  for await (const bytes of piecesOf(called, source)) yield decode(bytes);
  yield decode();
}

async function* piecesOf(called: string, source: CsvSource): AsyncGenerator<Uint8Array> {
  if (typeof source === "string") {
    yield* piecesOfFile(called, source);
    return;
  }
  const reader = ("getReader" in source ? source : source.stream()).getReader();
  try {
    for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read())
      yield value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads a file of Node piece by piece. */
async function* piecesOfFile(called: string, path: string): AsyncGenerator<Uint8Array> {
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    // Says that there are no files here.
    yield await readBytes(path, called);
    return;
  }
  const { createReadStream } = process.getBuiltinModule("node:fs");
  const { stat } = process.getBuiltinModule("node:fs/promises");
  const found = await stat(path).catch(() => undefined);
  // What is no file is refused as everywhere.
  if (found?.isFile() !== true) yield await readBytes(path, called);
  try {
    for await (const piece of createReadStream(path)) yield piece as Uint8Array;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StargradError(called, `cannot read ${path}: ${reason}`, undefined, { cause });
  }
}
