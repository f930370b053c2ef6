import type { RandomBitsKernel } from "@stargrad/compiler";
import { i32, i32x4, i64x2, v128, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import { piecesOf, type KernelContext } from "../kernel-context.js";

type Vector = Expression<"v128">;

/** The number of words in a block. */
const blockWords = 4;
const rounds = 10;

/**
 * Philox 4×32-10. Computes one block per lane of a vector at a time; each vector holds one word of all these blocks.
 *
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011
 */
export function writeRandomBits(
  kernel: RandomBitsKernel,
  { body, machine: { vectorBytes }, program, addressOf, share }: KernelContext,
): void {
  const state = addressOf(kernel.state, 0);
  const output = addressOf(kernel.buffer, 0);
  const lanes = vectorBytes / 4;
  // The number of words in the blocks that are computed together.
  const groupWords = blockWords * lanes;
  const { size } = program.buffers[kernel.buffer];
  const stateWord = (word: number): Local<"v128"> => body.keep(v128.load32Splat(state, 4 * word));
  const key = [stateWord(0), stateWord(1)] as const;
  const block = [stateWord(2), stateWord(3)] as const;
  const words = (group: Expression<"i32">): readonly Local<"v128">[] => {
    const low = body.keep(
      i32x4.add(i32x4.add(block[0], i32x4.splat(i32.mul(group, i32.const(lanes)))), i32x4.sequence(0, 1)),
    );
    // Adds the carry: the mask is −1 in each lane that overflowed.
    const high = i32x4.sub(block[1], i32x4.lessUnsigned(low, block[0]));
    return philox(body, [low, high], key);
  };

  const { from, to } = piecesOf(body, share, Math.ceil(size / groupWords));
  const whole = Math.floor(size / groupWords);
  const group = body.keep(from);
  const address = body.keep(i32.add(output, i32.mul(group, i32.const(4 * groupWords))));
  const end = body.keep(to);
  body.while(i32.and(i32.lessSigned(group, end), i32.lessSigned(group, i32.const(whole))), () => {
    words(group).forEach((vector, i) => {
      body.store(address, vector, vectorBytes * i);
    });
    group.set(i32.add(group, i32.const(1)));
    address.set(i32.add(address, i32.const(4 * groupWords)));
  });
  if (whole * groupWords === size) return;
  body.if(i32.lessSigned(group, end), () => {
    const rest = words(group);
    for (let word = 0; word < size - whole * groupWords; word++) {
      body.store(address, i32x4.extract(rest[Math.floor(word / lanes)], word % lanes), 4 * word);
    }
  });
}

/** Computes the words of blocks, one block after another. A block's number is given as a low and a high word. */
function philox(
  body: FunctionBuilder,
  [low, high]: readonly [Vector, Vector],
  key: readonly [Vector, Vector],
): readonly Local<"v128">[] {
  const zero = v128.zero();
  let counter: readonly Local<"v128">[] = [low, high, zero, zero].map((word) => body.keep(word));
  const keys = key.map((word) => body.keep(word));
  const multipliers = [0xd2511f53, 0xcd9e8d57].map((word) => body.hoist(splat(word)));
  const weyls = [0x9e3779b9, 0xbb67ae85].map((word) => body.hoist(splat(word)));
  for (let round = 0; round < rounds; round++) {
    const [first, second] = [0, 1].map((i) => multiplyWide(body, multipliers[i], counter[2 * i]));
    counter = [
      v128.xor(v128.xor(second.high, counter[1]), keys[0]),
      second.low,
      v128.xor(v128.xor(first.high, counter[3]), keys[1]),
      first.low,
    ].map((word) => body.keep(word));
    if (round + 1 < rounds)
      keys.forEach((word, i) => {
        word.set(i32x4.add(word, weyls[i]));
      });
  }
  return body.interleave(counter);
}

/** The 64-bit products of 32-bit words, as their high and low halves. */
function multiplyWide(body: FunctionBuilder, a: Vector, b: Vector): { high: Vector; low: Vector } {
  const lower = body.keep(i64x2.extendedMultiplyLowUnsigned(a, b));
  const upper = body.keep(i64x2.extendedMultiplyHighUnsigned(a, b));
  return {
    high: i32x4.oddLanes(lower, upper),
    low: i32x4.evenLanes(lower, upper),
  };
}

function splat(word: number): Vector {
  return i32x4.splat(i32.const(word));
}
