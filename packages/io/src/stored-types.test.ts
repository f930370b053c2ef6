import { describe, expect, it } from "vitest";

import { failing } from "./errors.js";
import { bfloat16, float16 } from "./stored-types.js";

const everyHalf = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
const fail = failing("test");

describe("float16", () => {
  /** The value from sign, exponent and fraction, by IEEE 754-2008, section 3.4. */
  function valueOf(bits: number): number {
    const sign = bits >> 15 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }

  it("is exact for each of its 65,536 bit patterns", () => {
    const values = float16.read(new Uint8Array(everyHalf.buffer), fail);
    expect(values).toEqual(Float32Array.from(everyHalf, valueOf));
  });
});

describe("bfloat16", () => {
  it("is the upper half of a float32, for each of its 65,536 bit patterns", () => {
    const values = bfloat16.read(new Uint8Array(everyHalf.buffer), fail);
    expect(new Uint32Array(values.buffer)).toEqual(Uint32Array.from(everyHalf, (bits) => bits * 65_536));
  });
});
