import {
  conformanceCases,
  disagreement,
  engineChecks,
  referenceEngine,
  runProgram,
  type Engine,
} from "@stargrad/graph";
import { sampled } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "./wasm-engine.js";

const engine = new WasmEngine({ threads: 1 });
const rounded = new WasmEngine({ threads: 1, relaxed: false });
/** Divides even the smallest work, sometimes among more threads than there are elements. */
const threaded = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });

describe("the WebAssembly engine agrees with the reference engine, and gives the same bits on several threads", () => {
  it.each(sampled(conformanceCases(), 17))("$name", ({ build, tolerance }) => {
    const compute = (on: Engine) => runProgram(on, [build()])[0].readSync();
    const [got, expected] = [compute(engine), compute(referenceEngine)];
    expect(disagreement(got, expected, tolerance)).toBeNull();
    expect(disagreement(compute(rounded), expected, tolerance)).toBeNull();
    expect(disagreement(compute(threaded), got, 0)).toBeNull();
  });
});

describe("the WebAssembly engine keeps the contract of engines", () => {
  it.each(engineChecks(engine))("$name", async ({ run }) => {
    for (const each of [engine, threaded]) await expect(run(each)).resolves.toBeUndefined();
  });
});
