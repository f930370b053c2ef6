import { expect, it, vi } from "vitest";
import { Heap } from "./heap.js";
import { inUnits, outOfMemory } from "./out-of-memory.js";
import { WasmEngine } from "./wasm-engine.js";

it.each([
  [0, "0 B"],
  [1, "1 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [25 * 2 ** 20, "25 MiB"],
  [2 ** 32, "4 GiB"],
  [2 ** 42, "4096 GiB"],
])("formats %d bytes as %s", (bytes, text) => {
  expect(inUnits(bytes)).toBe(text);
});

it("says that there is no room for another engine", () => {
  const thrown = new RangeError("WebAssembly.Memory(): could not allocate memory");
  vi.spyOn(WebAssembly, "Memory").mockImplementation(function () {
    throw thrown;
  });
  expect(() => new WasmEngine()).toThrow(
    "WasmEngine: the system has no room for the memory of another engine. Call `dispose`",
  );
  vi.restoreAllMocks();
});

it("reports the bytes requested, in use and reserved, and what to try", () => {
  const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 64 }), 256);
  heap.allocate(3 * 2 ** 20);
  const program = { largest: { name: "weight [1024, 512]", bytes: 2 * 2 ** 20 } };
  expect(() => outOfMemory(heap, program, 1.5 * 2 ** 20)).toThrowErrorMatchingInlineSnapshot(
    `[ArgumentError: WasmEngine: the program needs another 1.5 MiB of contiguous memory, which is not available: of the 4 GiB that WebAssembly can address, 3 MiB are in use and 3.1 MiB are reserved; its largest buffer is weight [1024, 512], 2 MiB. Use a smaller batch, or \`dispose\` of models and optimizers that are no longer needed. Unreachable tensors are freed only in turns of the event loop: await a loss, or a timer]`,
  );
});
