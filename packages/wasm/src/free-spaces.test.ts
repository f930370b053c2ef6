import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { FreeSpaces } from "./free-spaces.js";

/** Takes all free units, and returns their addresses in the order in which they were taken. */
function drain(spaces: FreeSpaces, unit: number): number[] {
  const addresses: number[] = [];
  for (let address = spaces.take(unit); address !== null; address = spaces.take(unit))
    addresses.push(address);
  return addresses;
}

it("takes from the first space that is long enough, like a plain list of units", () => {
  const units = 64;
  const command = fc.record({
    length: fc.integer({ min: 1, max: 12 }),
    which: fc.nat(),
    gives: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
      const spaces = new FreeSpaces();
      spaces.add(0, units);
      const free = new Array<boolean>(units).fill(true);
      const held: { start: number; length: number }[] = [];
      for (const { length, which, gives } of commands) {
        if (gives && held.length > 0) {
          const [{ start, length: size }] = held.splice(which % held.length, 1);
          spaces.add(start, start + size);
          free.fill(true, start, start + size);
          continue;
        }
        const fits = free.findIndex(
          (_, at) => at + length <= units && free.slice(at, at + length).every(Boolean),
        );
        const start = spaces.take(length);
        expect(start).toBe(fits < 0 ? null : fits);
        if (start === null) continue;
        free.fill(false, start, start + length);
        held.push({ start, length });
      }
      for (const { start, length } of held) spaces.add(start, start + length);
      expect(spaces.takeEnd(units)).toBe(0);
      expect(spaces.take(1)).toBeNull();
    }),
    { numRuns: sized({ short: 15, long: 100 }) },
  );
});

it("removes the end only if it is free", () => {
  const spaces = new FreeSpaces();
  spaces.add(10, 20);
  spaces.add(30, 40);
  expect(spaces.takeEnd(50)).toBe(50);
  expect(spaces.takeEnd(40)).toBe(30);
  expect(spaces.takeEnd(30)).toBe(30);
  expect(drain(spaces, 5)).toEqual([10, 15]);
});

it.each([
  ["upwards", (i: number) => i],
  ["downwards", (i: number, count: number) => count - 1 - i],
  ["here and there", (i: number, count: number) => (i * 7919) % count],
])("takes in many thousands of spaces at a cost of their logarithm each, %s", (_, order) => {
  const count = sized({ short: 10_000, long: 100_000 });
  const spaces = new FreeSpaces();
  for (let i = 0; i < count; i++) {
    const start = 128 * order(i, count);
    spaces.add(start, start + 64);
  }
  // The gaps are filled, and all spaces merge into one.
  for (let i = 0; i < count; i++) {
    const start = 128 * order(i, count) + 64;
    spaces.add(start, start + 64);
  }
  expect(spaces.take(128 * count)).toBe(0);
  expect(spaces.take(1)).toBeNull();
  expect(spaces.built / (2 * count)).toBeLessThan(8 * Math.log2(count));
});

it("changes nothing when the call stack overflows during an operation", () => {
  const spaces = new FreeSpaces();
  const count = 2000;
  for (let i = 0; i < count; i++) spaces.add(128 * i, 128 * i + 64);
  let failed = 0;
  /** Recurses until the stack overflows, then tries at every depth on the way back until it succeeds. */
  const dive = (): boolean => {
    try {
      if (dive()) return true;
    } catch {
      failed++;
    }
    spaces.add(128 * 1000 + 64, 128 * 1001);
    return true;
  };
  dive();
  expect(failed).toBeGreaterThan(0);
  // The gap is closed once, and everything else is unchanged.
  expect(spaces.take(192)).toBe(128 * 1000);
  expect(drain(spaces, 64)).toHaveLength(count - 2);
});
