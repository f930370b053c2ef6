import { reasonOf, type Fail } from "../fail.js";
import { gunzipLater } from "../gzip.js";
import { unpackSnappy } from "./snappy.js";

const codecs = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];

/** What unpacks a codec in Node. Zstandard is there from Node 22.15 on. */
type Unzip = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/**
 * Unpacks a page to exactly `size` bytes.
 *
 * Throws: FormatError for damaged pages, and for codecs that are not known here
 */
export async function unpackPage(
  codec: number,
  bytes: Uint8Array,
  size: number,
  called: string,
  fail: Fail,
): Promise<Uint8Array> {
  if (codec === 0) return ofSize(bytes, size, fail);
  if (codec === 1) return unpackSnappy(bytes, size, fail);
  const unzip = unzipOf(codec);
  if (unzip !== undefined) {
    try {
      return ofSize(unzip(bytes, { maxOutputLength: Math.max(1, size) }), size, fail);
    } catch (cause) {
      if (cause instanceof Error && cause.name === "FormatError") throw cause;
      throw fail(`its ${codecs[codec]} is damaged: ${reasonOf(cause)}`, undefined, cause);
    }
  }
  if (codec === 2) return ofSize(await gunzipLater(called, bytes, () => size), size, fail);
  throw fail(
    `is packed with ${codecs[codec] ?? "an unknown codec"}, which cannot be unpacked here`,
    'Write it with "snappy"',
  );
}

function unzipOf(codec: number): Unzip | undefined {
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") return undefined;
  const zlib = process.getBuiltinModule("node:zlib") as unknown as Readonly<
    Record<string, Unzip | undefined>
  >;
  const names: Readonly<Record<number, string>> = {
    2: "gunzipSync",
    4: "brotliDecompressSync",
    6: "zstdDecompressSync",
  };
  return codec in names ? zlib[names[codec]] : undefined;
}

function ofSize(bytes: Uint8Array, size: number, fail: Fail): Uint8Array {
  if (bytes.length === size) return bytes;
  throw fail(`a page has ${bytes.length} bytes; expected ${size}`);
}
