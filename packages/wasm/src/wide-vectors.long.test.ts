import { conformanceCases, disagreement, referenceEngine, runProgram, type Engine } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fastestVectors } from "./vector-features.js";
import { WasmEngine } from "./wasm-engine.js";

// `npm run conformance` runs this in a process of its own, because wide vectors are turned on for all of it, and without
// V8's first compiler, which knows nothing of them.

const there = fastestVectors({ wideVectors: true }).paired;
const wide = new WasmEngine({ threads: 1, wideVectors: true });

describe.skipIf(!there)("with wide vectors the engine agrees with the reference engine", () => {
  it.each(conformanceCases())("$name", ({ build, tolerance }) => {
    const compute = (on: Engine) => runProgram(on, [build()])[0].readSync();
    expect(disagreement(compute(wide), compute(referenceEngine), tolerance)).toBeNull();
  });
});
