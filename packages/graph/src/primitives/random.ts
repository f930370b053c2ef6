import { DTypeError, ShapeError } from "../errors.js";
import type { Primitive } from "../primitive.js";
import { values } from "../samples.js";
import { checkShape, formatShape, type Shape } from "../shape.js";

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/**
 * Philox 4×32-10: maps a 128-bit counter and a 64-bit key to four random 32-bit words. The generator is stateless: any block of
 * the stream can be computed independently, on any engine, in any order.
 *
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011; checked against the published vectors.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiplyWide(multiplier0, c0);
    const [high1, low1] = multiplyWide(multiplier1, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + weyl0) | 0;
    k1 = (k1 + weyl1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/**
 * Random words, as int32. The input is `[key₀, key₁, block₀, block₁]`: element i is word `i mod 4` of the Philox block
 * number `block + ⌊i/4⌋`. Key and block are an input, not attributes, so that a new draw reuses the compiled program.
 */
export const randomBits: Primitive<{ readonly shape: Shape }, "random"> = {
  name: "randomBits",
  kind: "random",
  arity: 1,

  shape([state], { shape }) {
    checkShape("randomBits", shape);
    if (state.shape.length === 1 && state.shape[0] === 4) return shape;
    throw new ShapeError("randomBits", `the state has the shape ${formatShape(state.shape)}; expected [4]`);
  },
  dtype([state]) {
    if (state.dtype === "int32") return "int32";
    throw new DTypeError("randomBits", `the state is ${state.dtype}; expected int32`);
  },
  reference([state], _attributes, output) {
    const [key0, key1, block0, block1] = state.data;
    for (let i = 0; i < output.data.length; i += 4) {
      const low = (block0 >>> 0) + i / 4;
      const carry = Math.floor(low / 2 ** 32);
      const words = philox4x32([low | 0, (block1 + carry) | 0, 0, 0], [key0, key1]);
      for (let word = 0; word < 4 && i + word < output.data.length; word++)
        output.data[i + word] = words[word];
    }
  },
};

/** The formulas and the samples. */
export const randomDescriptions = {
  randomBits: {
    formula: "yᵢ = word i mod 4 of Philox4×32-10 at block + ⌊i/4⌋; input: [key₀, key₁, block₀, block₁]",
    samples: () => [
      { inputs: [values("int32", [4], [1, 2, 3, 4])], attributes: { shape: [3, 3] } },
      { inputs: [values("int32", [4], [-5, 0, -1, 0])], attributes: { shape: [6] } },
      { inputs: [values("int32", [4], [0, 0, 0, 0])], attributes: { shape: [] } },
      { inputs: [values("int32", [4], [0, 0, 0, 0])], attributes: { shape: [0, 2] } },
    ],
  },
};

/** The high and low half of the 64-bit product of two 32-bit words, computed from 16-bit pieces that doubles hold exactly. */
function multiplyWide(a: number, b: number): [number, number] {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = (middle % 0x10000) + aLow * bHigh;
  const high = aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000);
  return [high, Math.imul(a, b)];
}
