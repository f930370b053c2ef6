import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The first part of what is compressed, enough for any IDX header; the rest stays unpacked. */
export function gunzipStart(called: string, bytes: Uint8Array): Uint8Array {
  const { constants } = zlib(called);
  // Deflate grows by at most 1,032, so this is at most 4 MB.
  return unpack(called, bytes.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** All of what is compressed, if it is at most `limit` bytes: a megabyte of gzip can unpack to a gigabyte. */
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

/** Looked up instead of imported, so that a bundler for the browser finds nothing it cannot resolve. */
function zlib(called: string): typeof import("node:zlib") {
  if (typeof process === "undefined") {
    throw new StargradError(called, "cannot unpack gzip here", "Unpack it first, with a DecompressionStream");
  }
  return process.getBuiltinModule("node:zlib");
}
