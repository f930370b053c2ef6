import type { ByteSource } from "@stargrad/io/internal";
import fc from "fast-check";
import { expect, it } from "vitest";

import { sideBySide } from "./side-by-side.js";

const size = 4_000_000;
const content = Uint8Array.from({ length: size }, (_, i) => (i * 7) >> 3);

it("reads what the source has, and parts side by side at once", async () => {
  const reads: [number, number][] = [];
  const source: ByteSource = {
    name: "test",
    size,
    read: (begin, end) => {
      reads.push([begin, end]);
      return Promise.resolve(content.slice(begin, end));
    },
  };
  // Three neighbours, one far away, one that is too large to be read with its neighbour, and none.
  const parts = [[4, 10], [10, 20], [4000, 4100], [50_000, 50_010], [50_010, 2_000_000], [2_000_000, 2_000_001]]; // prettier-ignore
  const joined = sideBySide(source, parts.map(([begin, end]) => ({ begin, end }))); // prettier-ignore
  for (const [begin, end] of [...parts, [0, 3], [4, 4]]) {
    expect(Buffer.compare(await joined.read(begin, end), content.subarray(begin, end))).toBe(0);
  }
  expect(reads).toEqual([
    ...[[4, 4100], [50_000, 50_010], [50_010, 2_000_000], [2_000_000, 2_000_001]],
    ...[[0, 3], [4, 4100]],
  ]); // prettier-ignore
});

it("reads the same bytes, whatever the parts and their order", async () => {
  const source: ByteSource = {
    name: "test",
    size,
    read: (begin, end) => Promise.resolve(content.slice(begin, end)),
  };
  const part = fc.tuple(fc.nat(20_000), fc.nat(9000));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.infiniteStream(fc.nat()), async (all, order) => {
      const parts = all.map(([begin, length]) => ({ begin, end: begin + length }));
      const joined = sideBySide(source, parts);
      for (let i = 0; i < 12 && parts.length > 0; i++) {
        const { begin, end } = parts[Number(order.next().value) % parts.length];
        expect(Buffer.compare(await joined.read(begin, end), content.subarray(begin, end))).toBe(0);
      }
    }),
    { numRuns: 100 },
  );
});
