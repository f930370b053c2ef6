import type { Fail } from "../fail.js";
import { Cursor } from "./cursor.js";

/**
 * Unpacks Snappy to exactly `size` bytes.
 *
 * Throws: FormatError for anything else
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unpackSnappy(bytes: Uint8Array, size: number, fail: Fail): Uint8Array {
  const cursor = new Cursor(bytes, fail);
  const announced = cursor.varint();
  if (announced !== size) throw fail(`unpacks to ${announced} bytes; expected ${size}`);
  const unpacked = new Uint8Array(size);
  let at = 0;
  const room = (length: number): void => {
    if (at + length > size) throw fail(`unpacks to more than ${size} bytes`);
  };
  while (cursor.left > 0) {
    const tag = cursor.byte();
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >> 2;
      if (length >= 60) length = littleEndian(cursor, length - 59);
      room(++length);
      unpacked.set(cursor.take(length), at);
      at += length;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = kind === 1 ? ((tag >> 5) << 8) | cursor.byte() : littleEndian(cursor, kind === 2 ? 2 : 4);
    room(length);
    if (offset === 0 || offset > at) throw fail(`repeats bytes from ${offset} before byte ${at}`);
    // Byte by byte, because what is copied may reach into what is written.
    for (let i = 0; i < length; i++, at++) unpacked[at] = unpacked[at - offset];
  }
  if (at !== size) throw fail(`unpacks to ${at} bytes; expected ${size}`);
  return unpacked;
}

function littleEndian(cursor: Cursor, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += cursor.byte() * 256 ** i;
  return value;
}
