import { quote, type Fail } from "../errors.js";
import { decodeUtf8 } from "../utf8.js";
import { crc32 } from "./crc32.js";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** How many bytes it has when it is unpacked. */
  readonly size: number;
  readonly crc: number;
  readonly isDeflated: boolean;
  /** Its bytes in the archive. */
  readonly packed: Uint8Array;
}

const cutOff = "Is the file cut off?";

/** More files than any archive of tensors has. */
const mostEntries = 2 ** 17;

const endSignature = 0x06054b50;
const endSize = 22;
const longEndSignature = 0x06064b50;
const locatorSignature = 0x07064b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;

/**
 * Reads the directory of a zip archive, and checks that its files lie apart from each other and have different names. Nothing is
 * unpacked.
 *
 * Throws: FormatError for a damaged archive, and for encrypted or divided ones
 * Source: PKWARE's APPNOTE 6.3.10, with Zip64
 */
export function readZip(bytes: Uint8Array, fail: Fail): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, start, end } = findDirectory(view, fail);
  if (count > mostEntries) throw fail(`has ${count} files; at most ${mostEntries} are read`);
  const entries = new Map<string, ZipEntry>();
  const taken: [begin: number, end: number][] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== centralSignature) {
      throw fail(`its directory lists ${count} files, and has no more than ${i}`, cutOff);
    }
    const record = readRecord(bytes, view, at, fail);
    const { name, offset } = record;
    if (entries.has(name)) throw fail(`has two files of the name ${quote(name)}`);
    const dataStart = startOfData(view, offset, name, start, fail);
    const dataEnd = dataStart + record.packedSize;
    if (dataEnd > start)
      throw fail(`the file ${quote(name)} ends behind the beginning of the directory`, cutOff);
    taken.push([offset, dataEnd]);
    const { size, crc, isDeflated } = record;
    if (!isDeflated && size !== record.packedSize) {
      throw fail(`the file ${quote(name)} has ${size} bytes, and ${record.packedSize} in the archive`);
    }
    entries.set(name, { name, size, crc, isDeflated, packed: bytes.subarray(dataStart, dataEnd) });
    at = record.next;
  }
  if (at !== end) throw fail("its directory has bytes that belong to no file");
  checkApart(taken, fail);
  return entries;
}

/** Where the directory is. The record at the end of the archive says it, or the one of Zip64 before that. */
function findDirectory(view: DataView, fail: Fail): { count: number; start: number; end: number } {
  const at = findEnd(view);
  if (at === null) throw fail("has no end of a zip archive", "Is this a zip archive, and is it complete?");
  const locator = at - 20;
  if (locator >= 0 && view.getUint32(locator, true) === locatorSignature) {
    const longEnd = longAt(view, locator + 8, fail);
    if (longEnd + 56 > locator || view.getUint32(longEnd, true) !== longEndSignature) {
      throw fail("its end of Zip64 is not where it should be", cutOff);
    }
    const start = longAt(view, longEnd + 48, fail);
    return {
      count: longAt(view, longEnd + 32, fail),
      start,
      end: endOfDirectory(start, longAt(view, longEnd + 40, fail), longEnd, fail),
    };
  }
  if (view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 6, true) !== 0) {
    throw fail("is a part of a divided archive");
  }
  const start = view.getUint32(at + 16, true);
  const end = endOfDirectory(start, view.getUint32(at + 12, true), at, fail);
  return { count: view.getUint16(at + 10, true), start, end };
}

function endOfDirectory(start: number, size: number, limit: number, fail: Fail): number {
  if (start + size > limit)
    throw fail(`its directory ends at byte ${start + size}, behind its end at ${limit}`);
  return start + size;
}

/** The end of an archive has a comment of up to 65,535 bytes. */
function findEnd(view: DataView): number | null {
  const last = view.byteLength - endSize;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) === endSignature && view.getUint16(at + 20, true) === last - at) return at;
  }
  return null;
}

interface Record {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where the file's own header is. */
  readonly offset: number;
  /** Where the next record is. */
  readonly next: number;
}

/** A record of the directory. */
function readRecord(bytes: Uint8Array, view: DataView, at: number, fail: Fail): Record {
  const short = (by: number): number => view.getUint16(at + by, true);
  const word = (by: number): number => view.getUint32(at + by, true);
  const nameEnd = at + 46 + short(28);
  const extraEnd = nameEnd + short(30);
  const next = extraEnd + short(32);
  if (next > bytes.length) throw fail("its directory is cut off", cutOff);
  const name = decodeUtf8(bytes.subarray(at + 46, nameEnd));
  if (name === null) throw fail("has a file whose name is not UTF-8");
  if ((short(8) & 1) !== 0) throw fail(`the file ${quote(name)} is encrypted`);
  const method = short(10);
  if (method !== 0 && method !== 8) {
    throw fail(
      `the file ${quote(name)} is packed by method ${method}; expected 0 (stored) or 8 (deflate)`,
      "Pack it again without options",
    );
  }
  const [size, packedSize, offset] = longSizes(
    view,
    [word(24), word(20), word(42)],
    { start: nameEnd, end: extraEnd },
    (problem) => fail(`the file ${quote(name)}: ${problem}`),
  );
  return { name, isDeflated: method === 8, crc: word(16), packedSize, size, offset, next };
}

const tooLong = 0xffffffff;

/** The sizes that do not fit 32 bits are in the extra field of Zip64, in their order. */
function longSizes(
  view: DataView,
  sizes: readonly number[],
  { start, end }: { readonly start: number; readonly end: number },
  fail: Fail,
): number[] {
  if (!sizes.includes(tooLong)) return [...sizes];
  for (let at = start; at + 4 <= end;) {
    const fieldEnd = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && fieldEnd <= end) {
      let next = at + 4;
      return sizes.map((size) => {
        if (size !== tooLong) return size;
        if (next + 8 > fieldEnd) throw fail("its field of Zip64 is too short");
        next += 8;
        return longAt(view, next - 8, fail);
      });
    }
    at = fieldEnd;
  }
  throw fail("its sizes are missing");
}

function longAt(view: DataView, at: number, fail: Fail): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fail(`claims ${value} bytes`);
  return Number(value);
}

/** Where the bytes of a file begin: behind its own header. */
function startOfData(view: DataView, offset: number, name: string, limit: number, fail: Fail): number {
  if (offset + 30 > limit || view.getUint32(offset, true) !== localSignature) {
    throw fail(`the file ${quote(name)} is not where the directory says`, cutOff);
  }
  return offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
}

/** Files that overlap could unpack to far more than 1,032 times the archive. */
function checkApart(taken: readonly (readonly [begin: number, end: number])[], fail: Fail): void {
  let covered = 0;
  for (const [begin, end] of [...taken].sort((a, b) => a[0] - b[0])) {
    if (begin < covered) throw fail("has files that overlap");
    covered = end;
  }
}

/**
 * The bytes of a file. They take at most 1,032 times those in the archive, by the nature of deflate.
 *
 * Throws: FormatError unless they have the size and the checksum that the archive says
 */
export async function unzip(entry: ZipEntry, fail: Fail): Promise<Uint8Array> {
  const failEntry: Fail = (problem, hint) => fail(`the file ${quote(entry.name)} ${problem}`, hint);
  const bytes = entry.isDeflated ? await inflate(entry, failEntry) : entry.packed;
  if (crc32(bytes) !== entry.crc) throw failEntry("is damaged: its checksum differs", cutOff);
  return bytes;
}

/** The most that deflate makes of one byte. */
const largestRatio = 1032;

async function inflate({ packed, size }: ZipEntry, fail: Fail): Promise<Uint8Array> {
  if (size > packed.length * largestRatio) {
    throw fail(`claims ${size} bytes; its ${packed.length} in the archive cannot hold as many`);
  }
  try {
    // Node's own is also there where a test environment imitates a browser without streams.
    const bytes =
      typeof process === "object" && typeof process.getBuiltinModule === "function"
        ? inflateInNode(packed, size)
        : await inflateStream(packed, size);
    if (bytes.length === size) return bytes;
  } catch (cause) {
    throw fail(`is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, cutOff);
  }
  throw fail(`unpacks to another size than the ${size} bytes that the archive says`);
}

/** At most one byte more than `size`. */
function inflateInNode(packed: Uint8Array, size: number): Uint8Array {
  try {
    const { buffer, byteOffset, length } = process
      .getBuiltinModule("node:zlib")
      .inflateRawSync(packed, { maxOutputLength: size + 1 });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      return new Uint8Array(size + 1);
    }
    throw error;
  }
}

/** At most one byte more than `size`. */
async function inflateStream(packed: Uint8Array, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size + 1);
  let at = 0;
  // A copy: the bytes may be a part of shared memory, which no stream takes.
  const stream = new Blob([new Uint8Array(packed)]).stream();
  const unpacked: ReadableStream<Uint8Array> = stream.pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = unpacked.getReader();
  try {
    for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) {
      bytes.set(value.subarray(0, bytes.length - at), at);
      at = Math.min(bytes.length, at + value.length);
      if (at > size) break;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return bytes.subarray(0, at);
}
