import { alignedOperands, castTo, scalar, type Operand } from "../operands.js";
import { apply, type Tensor } from "../tensor.js";

/*
 * Exact integer arithmetic beyond the 24 bits of float32, for engines without float64: integers in int32, split so that no
 * intermediate result overflows.
 */

type Name = "add" | "sub" | "mul" | "div" | "mod";

/** Binary operations. The public functions cannot be used here, because `floorDivide` is built on this file. */
function binary(name: Name): (a: Tensor, b: Operand) => Tensor {
  return (a, b) => apply(name, alignedOperands(a, b, ["int32", "float32"]), {});
}

const add = binary("add");
const sub = binary("sub");
const mul = binary("mul");
const div = binary("div");
const mod = binary("mod");

function round(x: Tensor): Tensor {
  return apply("round", [x], {});
}

/** `⌊a / b⌋` of int32 by int32: an approximate quotient in float32, plus a correction. */
export function floorDivideInt32(a: Tensor, b: Tensor): Tensor {
  const multiple = sub(a, mod(a, b));
  // a − mod(a, b) may overflow int32; subtracting the product, which overflows equally, cancels that. The difference is exact
  // and small.
  const real = sub(castTo(a, "float32"), castTo(mod(a, b), "float32"));
  const guess = castTo(round(div(real, castTo(b, "float32"))), "int32");
  const rest = sub(multiple, mul(guess, b));
  return add(guess, castTo(round(div(castTo(rest, "float32"), castTo(b, "float32"))), "int32"));
}

/**
 * `⌊u n⌋ + low`, where u in [0, 1) is the 53-bit number made of two random words and n is an integer up to 2³². It processes the
 * digits of u from the lowest on, `x ← ⌊(digit · n + x) / base⌋`, with x and n split into halves of 16 bits.
 *
 * The result equals that of float64 unless the product `u n` rounds up to an integer there, which for n below 2²⁰ happens once in
 * 2³³ draws.
 */
export function scaledWords(first: Tensor, second: Tensor, n: number, low: number): Tensor {
  const [nHigh, nLow] = [Math.floor(n / 2 ** 16), n % 2 ** 16].map((half) => scalar(half, "int32"));
  const digits = [
    { digit: shiftRight(mod(second, 2 ** 19), 6), bits: 13 },
    { digit: add(shiftRight(second, 19), 2 ** 12), bits: 13 },
    { digit: shiftRight(mod(first, 2 ** 18), 5), bits: 13 },
    { digit: add(shiftRight(first, 18), 2 ** 13), bits: 14 },
  ];
  let [high, rest]: Tensor[] = [scalar(0, "int32"), scalar(0, "int32")];
  for (const { digit, bits } of digits) {
    const lower = add(mul(digit, nLow), rest);
    const upper = add(add(mul(digit, nHigh), high), shiftRight(lower, 16));
    high = shiftRight(upper, bits);
    rest = add(mul(mod(upper, 2 ** bits), 2 ** (16 - bits)), shiftRight(mod(lower, 2 ** 16), bits));
  }
  return add(add(mul(high, 2 ** 16), rest), scalar(low, "int32"));
}

/** `⌊x / 2ᵏ⌋` of int32, for k of at least 7: the result then has at most 24 bits, which float32 represents exactly. */
function shiftRight(x: Tensor, k: number): Tensor {
  const multiple = castTo(sub(x, mod(x, 2 ** k)), "float32");
  return castTo(mul(multiple, 2 ** -k), "int32");
}
