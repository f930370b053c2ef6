import type { Fail } from "../fail.js";

const block = 512;

/**
 * The files of a tar archive that arrives in pieces: those that `wanted` names, whole, one after the other. Of a path, the part after the
 * last slash is the name, so nothing is written outside of the folder it is unpacked to.
 *
 * Throws: FormatError for a damaged archive, and for a file with another size than wanted
 * Source: POSIX.1-1988, ustar
 */
export async function* filesOfTar(
  pieces: AsyncIterable<Uint8Array>,
  wanted: ReadonlyMap<string, number>,
  fail: Fail,
): AsyncGenerator<{ readonly name: string; readonly bytes: Uint8Array }> {
  const header = new Uint8Array(block);
  /** The file that is being read; without bytes, if it is not wanted. */
  let file: { readonly name: string; readonly size: number; readonly bytes: Uint8Array | null } | null = null;
  let at = 0;
  for await (const piece of pieces) {
    for (let begin = 0; begin < piece.length;) {
      const into: Uint8Array | null = file === null ? header : file.bytes;
      const size: number = file === null ? block : Math.ceil(file.size / block) * block;
      const end = Math.min(piece.length, begin + size - at);
      // What fills the last block of a file is left out.
      if (into !== null && at < into.length) {
        into.set(piece.subarray(begin, Math.min(end, begin + into.length - at)), at);
      }
      at += end - begin;
      begin = end;
      if (at < size) continue;
      at = 0;
      if (file === null) {
        file = fileOf(header, wanted, fail);
        if (file !== null && file.size > 0) continue;
      }
      if (file !== null && file.bytes !== null) yield { name: file.name, bytes: file.bytes };
      file = null;
    }
  }
  if (file !== null || at > 0) throw fail("the archive is cut off");
}

/** Null for a block of zeros, as at the end. */
function fileOf(header: Uint8Array, wanted: ReadonlyMap<string, number>, fail: Fail) {
  if (header.every((byte) => byte === 0)) return null;
  const text = (begin: number, end: number): string =>
    new TextDecoder().decode(header.subarray(begin, end)).replace(/\0.*$/s, "").trim();
  const [sizeText, sumText] = [text(124, 136), text(148, 156)];
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (!/^[0-7]+$/.test(sizeText) || !/^[0-7]+$/.test(sumText) || parseInt(sumText, 8) !== sum) {
    throw fail("is no tar archive, or damaged");
  }
  const name = text(0, 100).split("/").pop() ?? "";
  const isFile = header[156] === 0 || header[156] === 0x30;
  const size = parseInt(sizeText, 8);
  const expected = isFile ? wanted.get(name) : undefined;
  if (expected !== undefined && expected !== size) {
    throw fail(`${name} has ${size} bytes in the archive; expected ${expected}`);
  }
  return { name, size, bytes: expected === undefined ? null : new Uint8Array(size) };
}
