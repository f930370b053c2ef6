import { afterEach, describe, expect, it, vi } from "vitest";

import { defaultEngine } from "./default-engine.js";
import { referenceEngine } from "./index.js";
import { defaultEngine as noDefaultEngine } from "./no-default-engine.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the default engine", () => {
  it("is WebAssembly, without a warning", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    expect(defaultEngine().name).toBe("wasm");
    expect(warn).not.toHaveBeenCalled();
  });

  it("is the reference engine where WebAssembly cannot run, and a warning says why and what to do", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    vi.stubGlobal("WebAssembly", { validate: () => false });
    expect(defaultEngine()).toBe(referenceEngine);
    expect(warn.mock.calls).toEqual([
      [
        "Stargrad computes with its reference engine, which is many times slower: WebAssembly has no vectors (SIMD) here. " +
          "Update the browser or the runtime. To use it without this warning, call setEngine(referenceEngine).",
      ],
    ]);
  });

  it("is none under the condition stargrad-no-engine", () => {
    expect(noDefaultEngine).toThrow("getEngine: no engine has been chosen");
  });
});
