import { createNode, philox4x32, type Node, type Shape } from "@stargrad/graph";
import { sampled, sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agrees } from "../../testing/agreement.js";
import { leaf } from "../../testing/arranged-nodes.js";
import { ProgramCase } from "../../testing/program-case.js";

function wordsOf(output: Node): number[] {
  const program = new ProgramCase([output], { divided: false });
  program.run();
  return Array.from(program.results()[0], (word) => word >>> 0);
}

describe("randomBits", () => {
  const bits = (state: readonly number[], shape: Shape): Node =>
    createNode("randomBits", [leaf("int32", [4], state)], { shape });

  it("returns Random123's published words", () => {
    expect(wordsOf(bits([0, 0, 0, 0], [4]))).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });

  it("agrees with the reference engine for every length, key and block", () => {
    const sizes = Array.from({ length: 51 }, (_, size) => size);
    for (const size of sampled(sizes, 5)) agrees(bits([1, -2, size, 7], [size]));
    agrees(bits([5, 6, 7, 8], [9, 111]));
    agrees(bits([5, 6, 7, 8], []));
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (state) => {
        agrees(bits(state, [37]));
      }),
      { numRuns: sized({ short: 6, long: 50 }) },
    );
  });

  it("carries into the high word of the block number, in any lane", () => {
    for (let block = -9; block < 0; block++) agrees(bits([3, 4, block, -1], [40]));
    expect(wordsOf(bits([5, 6, -1, 7], [8])).slice(4)).toEqual(philox4x32([0, 8, 0, 0], [5, 6]));
  });
});
