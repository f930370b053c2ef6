import type { Fail } from "../fail.js";
import type { Cursor } from "./cursor.js";

/** A struct: its fields by their numbers. */
export type Struct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | Uint8Array | Struct | readonly ThriftValue[];

/**
 * Reads a struct of Thrift's compact protocol. Each element of a list takes at least a byte, so what is allocated is in proportion to the
 * bytes that there are. Whole numbers beyond 2⁵³ are rounded; none that is used may be so large.
 *
 * Throws: FormatError for anything else
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export function readStruct(cursor: Cursor, fail: Fail, depth = 0): Struct {
  if (depth > 16) throw fail("has structures in structures, more than 16 deep");
  const fields = new Map<number, ThriftValue>();
  let number = 0;
  for (;;) {
    const head = cursor.byte();
    if (head === 0) return fields;
    number = head >= 16 ? number + (head >> 4) : signed(cursor.varint());
    const type = head & 15;
    fields.set(number, type <= 2 ? type === 1 : readValue(cursor, type, fail, depth));
  }
}

function readValue(cursor: Cursor, type: number, fail: Fail, depth: number): ThriftValue {
  switch (type) {
    case 1:
    case 2:
      // Of a list.
      return cursor.byte() === 1;
    case 3:
      return (cursor.byte() << 24) >> 24;
    case 4:
    case 5:
    case 6:
      return signed(cursor.varint());
    case 7:
      return cursor.float64();
    case 8:
      return cursor.take(cursor.varint());
    case 9:
    case 10:
      return readList(cursor, fail, depth);
    case 11:
      return readMap(cursor, fail, depth);
    case 12:
      return readStruct(cursor, fail, depth + 1);
    default:
      throw fail(`has a field of the unknown type ${type}`);
  }
}

function readList(cursor: Cursor, fail: Fail, depth: number): ThriftValue[] {
  if (depth > 16) throw fail("has lists in lists, more than 16 deep");
  const head = cursor.byte();
  const length = head >> 4 === 15 ? cursor.varint() : head >> 4;
  if (length > cursor.left) throw fail(`has a list of ${length} elements in ${cursor.left} bytes`);
  const list: ThriftValue[] = [];
  while (list.length < length) list.push(readValue(cursor, head & 15, fail, depth + 1));
  return list;
}

/** What no field that is used has: its keys and values, one after the other. */
function readMap(cursor: Cursor, fail: Fail, depth: number): ThriftValue[] {
  if (depth > 16) throw fail("has maps in maps, more than 16 deep");
  const length = cursor.varint();
  if (length > cursor.left) throw fail(`has a map of ${length} elements in ${cursor.left} bytes`);
  const types = length === 0 ? 0 : cursor.byte();
  const list: ThriftValue[] = [];
  for (let i = 0; i < length; i++) {
    list.push(readValue(cursor, types >> 4, fail, depth + 1), readValue(cursor, types & 15, fail, depth + 1));
  }
  return list;
}

function signed(zigzag: number): number {
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}
