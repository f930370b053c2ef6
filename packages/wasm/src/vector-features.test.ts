import { afterEach, describe, expect, it, vi } from "vitest";

import { obstacleToVectors } from "./vector-features.js";
import { WasmEngine } from "./wasm-engine.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** WebAssembly as in a page that forbids compiling: `validate` still works. */
const forbidden = {
  validate: (): boolean => true,
  Module: vi.fn(function () {
    throw new Error("Wasm code generation disallowed by embedder");
  }),
};

describe("the obstacle to WebAssembly with vectors", () => {
  it("is null on this machine", () => {
    expect(WasmEngine.obstacle()).toBeNull();
    expect(WasmEngine.isSupported()).toBe(true);
  });

  it.each([
    ["that it is missing", undefined, "WebAssembly is missing (--jitless in Node"],
    [
      "that it has no vectors",
      { validate: (): boolean => false },
      "WebAssembly has no vectors (SIMD) here. Update",
    ],
    [
      "that it must not be compiled",
      forbidden,
      "disallowed by embedder). Allow 'wasm-unsafe-eval' as script-src",
    ],
  ])("is %s", (_, global, complaint) => {
    vi.stubGlobal("WebAssembly", global);
    expect(obstacleToVectors()).toContain(complaint);
    expect(WasmEngine.isSupported()).toBe(false);
  });
});
