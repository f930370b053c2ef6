import {
  conformanceCases,
  disagreement,
  engineChecks,
  referenceEngine,
  runProgram,
  type ConformanceCase,
  type Engine,
} from "@stargrad/graph";
import { sampled } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "./wasm-engine.js";

const engine = new WasmEngine({ threads: 1 });
const rounded = new WasmEngine({ threads: 1, relaxed: false });
/** Divides even the smallest work, sometimes among more threads than there are elements. */
const threaded = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });

/** The primitive and the element type of a case: the short suite has all of them. */
function kindOf({ build }: ConformanceCase): string {
  const { operation, dtype } = build();
  return `${operation?.primitive ?? "leaf"} of ${dtype}`;
}

describe("the WebAssembly engine agrees with the reference engine, and gives the same bits on several threads", () => {
  it.each(sampled(conformanceCases(), 61, kindOf))("$name", ({ build, tolerance }) => {
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
