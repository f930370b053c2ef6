/*
 * Writes fields of Protocol Buffers. A message is the list of its fields, in the order of their numbers.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

/** The bytes of a message, from the bytes of its fields. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((size, field) => size + field.length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/** A field of a whole number from 0 to 2⁵³ − 1: int32, int64, bool or an enumeration. */
export function wholeField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(8 * number), ...varint(value)]);
}

export function doubleField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = 8 * number + 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

export function floatField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = 8 * number + 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

/** A field of bytes or of a message. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return message(Uint8Array.from([...varint(8 * number + 2), ...varint(bytes.length)]), bytes);
}

export function textField(number: number, text: string): Uint8Array {
  return bytesField(number, new TextEncoder().encode(text));
}

/** A field of many numbers. */
export function doublesField(number: number, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true);
  return bytesField(number, bytes);
}

/** Seven bits in a byte, the lowest first. Not by shifts, which have 32 bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  bytes.push(value);
  return bytes;
}
