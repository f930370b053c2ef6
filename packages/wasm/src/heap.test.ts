import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap, pageBytes } from "./heap.js";

function heap(maximum = 64): Heap {
  return new Heap(new WebAssembly.Memory({ initial: 1, maximum }), 256);
}

describe("a heap", () => {
  it("allocates whole cache lines that do not overlap, with 16 spare bytes", () => {
    const command = fc.record({ bytes: fc.nat(5000), frees: fc.boolean(), which: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const memory = heap();
        const held: { address: number; bytes: number }[] = [];
        for (const { bytes, frees, which } of commands) {
          if (frees && held.length > 0) {
            const [{ address, bytes: size }] = held.splice(which % held.length, 1);
            memory.free(address, size);
            continue;
          }
          const address = memory.allocate(bytes);
          if (address === null) throw new Error("allocate returned null; expected 64 pages to be enough");
          expect(address % 64).toBe(0);
          expect(address).toBeGreaterThanOrEqual(256);
          for (const other of held) {
            const apart =
              address >= other.address + other.bytes + 16 || address + bytes + 16 <= other.address;
            expect(apart).toBe(true);
          }
          held.push({ address, bytes });
        }
        for (const { address, bytes } of held) memory.free(address, bytes);
        expect(memory.used).toBe(0);
        // All of the memory is one free range again.
        expect(memory.allocate(memory.memory.buffer.byteLength - 512)).toBe(256);
      }),
    );
  });

  it("reuses freed memory of the same size without growing", () => {
    const memory = heap();
    const first = memory.allocate(1000);
    memory.free(first ?? 0, 1000);
    expect(memory.allocate(1000)).toBe(first);
    const reserved = memory.memory.buffer.byteLength;
    for (let i = 0; i < 1000; i++) memory.free(memory.allocate(20_000) ?? 0, 20_000);
    expect(memory.memory.buffer.byteLength).toBe(reserved);
  });

  it("merges free neighbours for a larger allocation", () => {
    const memory = heap(1);
    const addresses = Array.from({ length: 6 }, () => memory.allocate(10_000) ?? 0);
    expect(memory.allocate(20_000)).toBeNull();
    memory.free(addresses[2], 10_000);
    memory.free(addresses[3], 10_000);
    expect(memory.allocate(20_000)).toBe(addresses[2]);
  });

  it("grows by doubling, and returns null when no memory is left", () => {
    const memory = heap(65536);
    memory.allocate(pageBytes);
    expect(memory.memory.buffer.byteLength).toBe(2 * pageBytes);
    memory.allocate(pageBytes);
    expect(memory.memory.buffer.byteLength).toBe(4 * pageBytes);
    expect(memory.allocate(2 ** 32)).toBeNull();
    expect(memory.allocate(100)).not.toBeNull();
  });

  it("gives valid views of its contents, also after it has grown", () => {
    const memory = heap();
    const address = memory.allocate(16) ?? 0;
    memory.view("float32", address, 4).set([1, 2, 3, 4]);
    memory.allocate(10 * pageBytes);
    expect([...memory.view("float32", address, 4)]).toEqual([1, 2, 3, 4]);
    expect(memory.all("float32")[address / 4 + 2]).toBe(3);
  });

  it("merges many thousands of ranges of one size, and allocates none of them twice", () => {
    const memory = heap(65536);
    const count = sized({ short: 30_000, long: 200_000 });
    const first = memory.allocate(4000) ?? 0;
    const small = Array.from({ length: count }, () => memory.allocate(8) ?? 0);
    const last = memory.allocate(8) ?? 0;
    memory.free(first, 4000);
    for (const address of small) memory.free(address, 8);
    const large = memory.allocate(50_000_000) ?? 0;
    expect(large).toBeGreaterThan(last);
    const places = [2000, 4000].map((bytes) => memory.allocate(bytes) ?? 0);
    expect(places).toEqual([256, 256 + 2048]);
    memory.free(large, 50_000_000);
    memory.free(last, 8);
    for (const [i, bytes] of [2000, 4000].entries()) memory.free(places[i], bytes);
    expect(memory.used).toBe(0);
    expect(memory.allocate(memory.memory.buffer.byteLength - 512)).toBe(256);
  });

  it("returns a free range at the end to the unallocated memory, so that a larger allocation starts earlier", () => {
    const memory = heap(4);
    const [first, second] = [memory.allocate(pageBytes), memory.allocate(pageBytes)];
    memory.free(second ?? 0, pageBytes);
    expect(memory.allocate(2 * pageBytes)).toBe(second);
    expect(first).toBe(256);
  });

  it("stays intact and usable after an allocation that fails", () => {
    const memory = heap(2);
    const held = memory.allocate(50_000) ?? 0;
    const { used } = memory;
    for (let i = 0; i < 100; i++) expect(memory.allocate(100_000)).toBeNull();
    expect(memory.used).toBe(used);
    memory.free(held, 50_000);
    expect(memory.allocate(100_000)).toBe(256);
  });

  it("returns positive addresses beyond 2 GiB", () => {
    const memory = heap(65536);
    const half = 2 ** 31;
    expect(memory.allocate(half)).toBe(256);
    const address = memory.allocate(1000) ?? 0;
    expect(address).toBeGreaterThan(half);
    memory.view("float32", address, 2).set([1, 2]);
    expect(memory.all("float32")[address / 4 + 1]).toBe(2);
    memory.free(address, 1000);
    memory.free(256, half);
    expect(memory.allocate(half + 1000)).toBe(256);
  });
});
