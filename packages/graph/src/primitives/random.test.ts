import { describe, expect, it } from "vitest";

import { runProgram } from "../engine.js";
import { HostStorage } from "../storage.js";
import { createLeaf, createNode } from "../node.js";
import { referenceEngine } from "../reference-engine.js";
import { philox4x32 } from "./random.js";

function randomBits(state: readonly number[], shape: readonly number[]): number[] {
  const leaf = createLeaf([state.length], "int32", new HostStorage(Int32Array.from(state)));
  const [storage] = runProgram(referenceEngine, [createNode("randomBits", [leaf], { shape })]);
  return [...storage.readSync()];
}

describe("philox4x32", () => {
  // Random123's known-answer vectors, kat_vectors of its source distribution.
  it.each<{ counter: [number, number, number, number]; key: [number, number]; words: number[] }>([
    {
      counter: [0, 0, 0, 0],
      key: [0, 0],
      words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ])("gives the published words for counter $counter and key $key", ({ counter, key, words }) => {
    expect(philox4x32(counter, key)).toEqual(words);
  });

  it("treats signed and unsigned words alike", () => {
    expect(philox4x32([-1, -1, -1, -1], [-1, -1])).toEqual(
      philox4x32([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]),
    );
  });
});

describe("randomBits", () => {
  it("lists the words of one block after another", () => {
    const words = [0, 1, 2].flatMap((block) => philox4x32([block, 0, 0, 0], [5, 6]).map((word) => word | 0));
    expect(randomBits([5, 6, 0, 0], [2, 5])).toEqual(words.slice(0, 10));
  });

  it("continues at a later block exactly where an earlier draw would continue", () => {
    expect(randomBits([5, 6, 1, 0], [8])).toEqual(randomBits([5, 6, 0, 0], [12]).slice(4));
  });

  it("carries from the low into the high word of the block number", () => {
    const carried = philox4x32([0, 8, 0, 0], [5, 6]).map((word) => word | 0);
    expect(randomBits([5, 6, -1, 7], [8]).slice(4)).toEqual(carried);
  });

  it("requires a state of four int32", () => {
    expect(() => randomBits([1, 2], [3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: randomBits: the state has the shape [2]; expected [4]]`,
    );
    expect(() => randomBits([1, 2, 3, 4], [-3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: randomBits: got the shape [-3]; every axis must be a whole number of at least 0]`,
    );
    const floats = createLeaf([4], "float32", new HostStorage(new Float32Array(4)));
    expect(() => createNode("randomBits", [floats], { shape: [3] })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: randomBits: the state is float32; expected int32]`,
    );
  });
});
