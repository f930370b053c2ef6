import { createLeaf, createNode, HostStorage, runProgram } from "@stargrad/graph";
import { afterEach, expect, it, vi } from "vitest";
import { obstacleToThreads } from "./threads/host.js";
import { WasmEngine } from "./wasm-engine.js";

// jest and vitest imitate a page in Node: there is a document, and in jest neither TextEncoder nor TextDecoder.

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("runs with threads where Node imitates a page", async () => {
  for (const name of ["TextEncoder", "TextDecoder"]) vi.stubGlobal(name, undefined);
  vi.stubGlobal("document", {});
  using engine = new WasmEngine({ threads: 2, waitForThreads: true, leastWork: 0 });
  expect(await engine.startThreads()).toBe(2);
  const x = createLeaf([3], "float32", new HostStorage(Float32Array.of(1, 2, 3)));
  const [square] = runProgram(engine, [createNode("mul", [x, x], {})]);
  expect(square.readSync()).toEqual(Float32Array.of(1, 4, 9));
});

it("has no threads where waiting is forbidden, as on a page", () => {
  vi.spyOn(Atomics, "wait").mockImplementation(() => {
    throw new TypeError("Atomics.wait cannot be called in this context");
  });
  expect(obstacleToThreads()).toMatch(/^the main thread of a page must not wait/);
});
