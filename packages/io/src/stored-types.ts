import type { DType, TypedArray } from "@stargrad/tensor";

import type { Fail } from "./errors.js";

/**
 * An element type of a file, and its conversion to one of Stargrad's. Files and the memory of every machine that runs
 * WebAssembly are little-endian.
 */
export interface StoredType {
  readonly bytes: number;
  /** The element type in Stargrad. */
  readonly dtype: DType;
  /** Reads all elements of `data`, whose length is a multiple of `bytes`. Always copies. */
  readonly read: (data: Uint8Array, fail: Fail) => TypedArray;
}

export const bool: StoredType = {
  bytes: 1,
  dtype: "bool",
  read(data, fail) {
    const at = data.findIndex((value) => value > 1);
    if (at !== -1) throw fail(`element ${at} of a bool is the byte ${data[at]}, expected 0 or 1`);
    return new Uint8Array(data);
  },
};

// `Int32Array.from` would iterate over the elements, which takes ten times as long.
export const int8: StoredType = {
  bytes: 1,
  dtype: "int32",
  read: (data) => new Int32Array(new Int8Array(aligned(data))),
};
export const uint8: StoredType = { bytes: 1, dtype: "int32", read: (data) => new Int32Array(data) };
export const int16: StoredType = {
  bytes: 2,
  dtype: "int32",
  read: (data) => new Int32Array(new Int16Array(aligned(data))),
};
export const uint16: StoredType = {
  bytes: 2,
  dtype: "int32",
  read: (data) => new Int32Array(new Uint16Array(aligned(data))),
};
export const int32: StoredType = { bytes: 4, dtype: "int32", read: (data) => new Int32Array(aligned(data)) };
export const float32: StoredType = {
  bytes: 4,
  dtype: "float32",
  read: (data) => new Float32Array(aligned(data)),
};
export const float64: StoredType = {
  bytes: 8,
  dtype: "float64",
  read: (data) => new Float64Array(aligned(data)),
};

/** Read as int32. A value with the halves `[low, high]` fits if every bit of `high` equals the sign bit of `low`. */
export const int64: StoredType = {
  bytes: 8,
  dtype: "int32",
  read(data, fail) {
    const halves = new Int32Array(aligned(data));
    const values = new Int32Array(halves.length / 2);
    for (let i = 0; i < values.length; i++) {
      const low = halves[2 * i];
      if (halves[2 * i + 1] !== low >> 31) {
        const value = new BigInt64Array(halves.buffer)[i];
        throw fail(
          `element ${i} is ${value.toString()}, which does not fit int32`,
          "Store it as int32 or float64",
        );
      }
      values[i] = low;
    }
    return values;
  },
};

/** Widened to float32, exactly. */
export const bfloat16: StoredType = {
  bytes: 2,
  dtype: "float32",
  read(data) {
    const halves = new Uint16Array(aligned(data));
    const words = new Uint32Array(halves.length);
    for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
    return new Float32Array(words.buffer);
  },
};

/** Widened to float32, exactly. IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
export const float16: StoredType = {
  bytes: 2,
  dtype: "float32",
  read(data) {
    const halves = new Uint16Array(aligned(data));
    const words = new Uint32Array(halves.length);
    const values = new Float32Array(words.buffer);
    for (let i = 0; i < halves.length; i++) {
      const half = halves[i];
      const exponent = half & 0x7c00;
      if (exponent === 0) {
        const magnitude = (half & 0x03ff) * 2 ** -24;
        values[i] = half & 0x8000 ? -magnitude : magnitude;
      } else {
        // Changes the bias from 15 to 127. Infinity and NaN have the highest exponent in both formats.
        const rebias = exponent === 0x7c00 ? (255 - 31) << 23 : (127 - 15) << 23;
        words[i] = ((half & 0x8000) << 16) | (((half & 0x7fff) << 13) + rebias);
      }
    }
    return values;
  },
};

/**
 * Copies the data, because it may start at any offset of the file, and a typed array must start at a multiple of its
 * element size. `data.slice()` would not do: Node's `Buffer` overrides it with a method that does not copy.
 */
function aligned(data: Uint8Array): ArrayBuffer {
  return new Uint8Array(data).buffer;
}
