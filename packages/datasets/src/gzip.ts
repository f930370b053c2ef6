import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";

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

/** Looked up at run time instead of imported, because a bundler for the browser cannot resolve the import. */
function zlib(called: string): typeof import("node:zlib") {
  // Bundlers for the browser provide a `process` without modules.
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    throw new StargradError(
      called,
      "cannot unpack gzip outside Node",
      "Unpack it first, with a DecompressionStream",
    );
  }
  return process.getBuiltinModule("node:zlib");
}
