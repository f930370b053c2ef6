import { afterEach, describe, expect, it, vi } from "vitest";

import { obstacleToVectors } from "./vector-features.js";
import { WasmEngine } from "./wasm-engine.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** WebAssembly as it is where compiling is forbidden: `validate` still answers. */
const forbidden = {
  validate: (): boolean => true,
  Module: vi.fn(function () {
    throw new Error("Wasm code generation disallowed by embedder");
  }),
};

describe("what keeps WebAssembly from running", () => {
  it("is nothing here", () => {
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
