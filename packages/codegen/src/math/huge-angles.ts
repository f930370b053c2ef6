import { f64, f64x2, i32, i64, type Expression } from "../machine/expression.js";
import {
  callResult,
  type FunctionBuilder,
  type FunctionReference,
  type Local,
} from "../machine/function-builder.js";
import { inverseOfPi } from "./coefficients.js";
import type { SharedFunctions } from "./lanes.js";

/** Up to this |x|, n < 2¹⁹ and the products of n with the parts of π are exact. */
export const largestQuick = 2 ** 20;

const low32 = i64.const(0xffffffffn);

/** Takes (x, r) and returns r; in lanes with |x| > largestQuick, r is replaced by the angle computed with enough bits of π. */
export function replaceHuge(shared: SharedFunctions, wave: "sine" | "cosine"): FunctionReference<"v128"> {
  const angle = hugeAngle(shared, wave);
  return shared.get(`huge ${wave}s`, { parameters: ["v128", "v128"], result: "v128" }, (body, x, r) => {
    for (let lane = 0; lane < shared.machine.vectorBytes / 8; lane++) {
      const element = body.keep(f64x2.extract(x, lane));
      body.if(f64.greater(f64.abs(element), f64.const(largestQuick)), () => {
        r.set(f64x2.replace(r, lane, callResult(angle, element)));
      });
    }
    body.return(r);
  });
}

/**
 * The angle in −π/2 … π/2 with the sine (cosine) of one large x, by fixed-point arithmetic. x = M · 2ᴱ with an integer M, so
 * y = x/π modulo 2 needs only a window of the bits of 1/π: bits before the window contribute multiples of 2, bits after it are
 * negligible. With a window of 192 bits, y has 127 bits after the binary point. x is never closer to a multiple of π than about
 * 2⁻⁶⁰, so at least 66 significant bits remain.
 *
 * Source: M. Payne, R. Hanek, Radian Reduction for Trigonometric Functions, SIGNUM Newsletter 18, 1983
 */
function hugeAngle(shared: SharedFunctions, wave: "sine" | "cosine"): FunctionReference<"f64"> {
  const word = wordOfInverse(shared);
  return shared.get(`huge ${wave}`, { parameters: ["f64"], result: "f64" }, (body, x) => {
    const bits = body.keep(i64.reinterpretF64(x));
    const exponent = body.keep(
      i32.and(i32.wrapI64(i64.shiftRightUnsigned(bits, i64.const(52n))), i32.const(0x7ff)),
    );
    body.if(i32.eq(exponent, i32.const(0x7ff)), () => {
      body.return(f64.sub(x, x));
    });
    const integer = body.keep(
      i64.or(i64.and(bits, i64.const(0xfffffffffffffn)), i64.const(0x10000000000000n)),
    );
    // |x| = integer · 2^(exponent − 1075), and the words begin 64 bits before the binary point.
    const start = body.keep(i32.sub(exponent, i32.const(1075 - 63)));
    const window = bitsFrom(body, word, start);
    const [second, third, fourth, fifth] = product(body, window, integer).slice(2);
    const low = body.keep(i64.or(i64.shiftLeft(third, i64.const(32n)), second));
    const exact = i64.or(i64.shiftLeft(fifth, i64.const(32n)), fourth);
    // In `high`, 1 is represented by 2⁶³. For the cosine, ½ is added to y.
    const half = i64.const(1n << 62n);
    const high = body.keep(wave === "sine" ? exact : i64.add(exact, half));
    const odd = i64.add(high, half);
    const sign = i64.and(wave === "sine" ? i64.xor(odd, bits) : odd, i64.const(-(1n << 63n)));
    const angle = f64.mul(signedFraction(body, high, low), f64.const(Math.PI));
    body.return(f64.reinterpretI64(i64.xor(i64.reinterpretF64(angle), sign)));
  });
}

/** The fraction of y as a number in −½ … ½. Its pieces are added from the most significant on. */
function signedFraction(body: FunctionBuilder, high: Local<"i64">, low: Local<"i64">): Expression<"f64"> {
  const one = i64.const(1n);
  const fraction = body.keep(i64.or(i64.shiftLeft(high, one), i64.shiftRightUnsigned(low, i64.const(63n))));
  const top = f64.convertI64Signed(i64.shiftRightSigned(fraction, i64.const(32n)));
  const middle = f64.convertI64Unsigned(i64.and(fraction, low32));
  const bottom = f64.convertI64Unsigned(i64.shiftLeft(low, one));
  const upper = f64.add(f64.mul(top, f64.const(2 ** -32)), f64.mul(middle, f64.const(2 ** -64)));
  return f64.add(upper, f64.mul(bottom, f64.const(2 ** -128)));
}

/** 192 bits of 1/π from a position on, in six pieces of 32, the lowest first. */
function bitsFrom(
  body: FunctionBuilder,
  word: FunctionReference<"i64">,
  start: Local<"i32">,
): Local<"i64">[] {
  const first = body.keep(i32.shiftRightUnsigned(start, i32.const(6)));
  const shift = body.keep(i64.extendI32Unsigned(i32.and(start, i32.const(63))));
  const words = [0, 1, 2, 3].map((k) => body.keep(callResult(word, i32.add(first, i32.const(k)))));
  const rest = i64.sub(i64.const(63n), shift);
  return [2, 1, 0].flatMap((k) => {
    // Two shifts, because a shift by 64 would act as a shift by 0.
    const behind = i64.shiftRightUnsigned(i64.shiftRightUnsigned(words[k + 1], i64.const(1n)), rest);
    const bits = body.keep(i64.or(i64.shiftLeft(words[k], shift), behind));
    return [body.keep(i64.and(bits, low32)), body.keep(i64.shiftRightUnsigned(bits, i64.const(32n)))];
  });
}

/** The lowest pieces of a · integer, as many as a has; the integer has 53 bits. */
function product(body: FunctionBuilder, a: readonly Local<"i64">[], integer: Local<"i64">): Local<"i64">[] {
  const low = body.keep(i64.and(integer, low32));
  const high = body.keep(i64.shiftRightUnsigned(integer, i64.const(32n)));
  const upper = (x: Local<"i64">) => i64.shiftRightUnsigned(x, i64.const(32n));
  let carry: Expression<"i64"> = i64.const(0n);
  return a.map((piece, k) => {
    const first = body.keep(i64.add(i64.mul(piece, low), carry));
    const before = k === 0 ? i64.const(0n) : i64.mul(a[k - 1], high);
    const second = body.keep(i64.add(i64.and(first, low32), before));
    carry = body.keep(i64.add(upper(first), upper(second)));
    return body.keep(i64.and(second, low32));
  });
}

/** One word of 1/π. It is selected by comparisons instead of a table, because a module has no memory of its own. */
function wordOfInverse(shared: SharedFunctions): FunctionReference<"i64"> {
  return shared.get("word of 1/π", { parameters: ["i32"], result: "i64" }, (body, index) => {
    inverseOfPi.forEach((word, i) => {
      body.if(i32.eq(index, i32.const(i)), () => {
        body.return(i64.const(BigInt.asIntN(64, word)));
      });
    });
    body.return(i64.const(0n));
  });
}
