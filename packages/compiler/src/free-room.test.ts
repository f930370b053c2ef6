import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FreeRoom } from "./free-room.js";

describe("free room", () => {
  it("is allocated at the lowest address with enough room", () => {
    const room = new FreeRoom();
    expect([room.take(10), room.take(20), room.take(10), room.take(5)]).toEqual([0, 10, 30, 40]);
    room.giveBack(0, 10);
    room.giveBack(30, 10);
    expect(room.take(4)).toBe(0);
    expect(room.take(10)).toBe(30);
    expect(room.most).toBe(45);
  });

  it("is joined with free neighbours on both sides, and with the end", () => {
    const room = new FreeRoom();
    const addresses = Array.from({ length: 4 }, () => room.take(10));
    for (const place of [0, 2, 1]) room.giveBack(addresses[place], 10);
    expect(room.take(30)).toBe(0);
    room.giveBack(addresses[3], 10);
    expect(room.take(50)).toBe(30);
    expect(room.most).toBe(80);
  });

  it("is found correctly among many gaps", () => {
    const sizes = fc.integer({ min: 1, max: 9 });
    const steps = fc.array(fc.record({ size: sizes, back: fc.nat() }), { minLength: 500, maxLength: 900 });
    fc.assert(
      fc.property(steps, (all) => {
        const room = new FreeRoom();
        const used = new Set<number>();
        const held: { address: number; size: number }[] = [];
        const lowest = (size: number): number => {
          for (let start = 0; ; start++) {
            const taken = Array.from({ length: size }, (_, i) => start + i).findLast((at) => used.has(at));
            if (taken === undefined) return start;
            start = taken;
          }
        };
        for (const [i, { size, back }] of all.entries()) {
          // Allocates first, then frees three ranges for each allocation.
          if (i < all.length / 2 || i % 4 === 0) {
            const address = room.take(size);
            expect(address).toBe(lowest(size));
            for (let at = address; at < address + size; at++) used.add(at);
            held.push({ address, size });
          } else {
            const [gone] = held.splice(back % held.length, 1);
            room.giveBack(gone.address, gone.size);
            for (let at = gone.address; at < gone.address + gone.size; at++) used.delete(at);
          }
        }
      }),
      { numRuns: sized({ short: 4, long: 20 }) },
    );
  });
});
