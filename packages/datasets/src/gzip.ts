import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";

import { blobOf } from "./blob.js";

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Decompresses only the beginning, which is enough for any IDX header. */
export function gunzipStart(called: string, bytes: Uint8Array): Uint8Array {
  const { constants } = zlib(called);
  // Deflate compresses by a factor of at most 1,032, so the result has at most 4 MB.
  return unpack(called, bytes.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** Decompresses everything, up to `limit` bytes. The limit is needed because 1 MB of gzip can unpack to 1 GB. */
export function gunzip(called: string, bytes: Uint8Array, limit: number): Uint8Array {
  return unpack(called, bytes, { maxOutputLength: limit });
}

function unpack(called: string, bytes: Uint8Array, options: import("node:zlib").ZlibOptions): Uint8Array {
  try {
    return zlib(called).gunzipSync(bytes, options);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof StargradError) throw error;
    const tooLong = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    const problem = tooLong
      ? `unpacks to more than the ${options.maxOutputLength} bytes its header announces`
      : `is damaged: gzip says ${error.message}`;
    throw new FormatError(called, problem, tooLong ? undefined : "Is the file cut off?", { cause: error });
  }
}

/** More bytes than the header of any file that is read. */
const headerBytes = 2 ** 11;

/**
 * Decompresses everything, also in a page. `limitOf` says how many bytes there may be, from the first bytes, at least of a whole header
 * if there are as many.
 */
export async function gunzipLater(
  called: string,
  bytes: Uint8Array,
  limitOf: (start: Uint8Array) => number,
): Promise<Uint8Array> {
  const packed = blobOf([bytes]).stream();
  const unpacked: ReadableStream<Uint8Array> = packed.pipeThrough(new DecompressionStream("gzip"));
  const reader = unpacked.getReader();
  const chunks: Uint8Array[] = [];
  let [length, limit] = [0, Infinity];
  const checkLength = (): void => {
    if (limit === Infinity) limit = limitOf(joined(chunks, length));
    if (length <= limit) return;
    throw new FormatError(called, `unpacks to more than the ${limit} bytes its header announces`);
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
      if (length >= headerBytes) checkLength();
    }
    checkLength();
    return joined(chunks, length);
  } catch (cause) {
    if (cause instanceof StargradError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(called, `is damaged: gzip says ${reason}`, "Is the file cut off?", { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Looked up at run time instead of imported, because a bundler for the browser cannot resolve the import. */
function zlib(called: string): typeof import("node:zlib") {
  // Bundlers for the browser provide a `process` without modules.
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    throw new StargradError(
      called,
      "cannot unpack gzip outside Node",
      "Read it with readIdx(new Blob([bytes]))",
    );
  }
  return process.getBuiltinModule("node:zlib");
}
