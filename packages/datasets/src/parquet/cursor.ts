import type { Fail } from "../fail.js";

/** Bytes that are read from their beginning to their end, and never beyond it. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: Fail;
  #at = 0;

  constructor(bytes: Uint8Array, fail: Fail) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
  }

  get at(): number {
    return this.#at;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Goes on after some bytes, and returns where they begin. Throws: FormatError if there are not as many */
  skip(bytes: number): number {
    if (!(bytes >= 0 && bytes <= this.left)) {
      throw this.#fail(`ends too early: ${bytes} bytes should follow, there are ${this.left}`, cutOff);
    }
    this.#at += bytes;
    return this.#at - bytes;
  }

  take(bytes: number): Uint8Array {
    const begin = this.skip(bytes);
    return this.#bytes.subarray(begin, begin + bytes);
  }

  byte(): number {
    return this.#bytes[this.skip(1)];
  }

  int32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.skip(8), true);
  }

  float32(): number {
    return this.#view.getFloat32(this.skip(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.skip(8), true);
  }

  /** A number of 7 bits a byte, the lowest first, which float64 holds. */
  varint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
      if (factor > 2 ** 63) throw this.#fail("has a number of more than 64 bits");
    }
    return value;
  }

  /** A signed number as {@link varint}, exact. */
  zigzag(): bigint {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7n;
      if (shift > 63n) throw this.#fail("has a number of more than 64 bits");
    }
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }
}

export const cutOff = "Is the file cut off or damaged?";
