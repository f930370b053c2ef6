import { conformanceCases, disagreement, referenceEngine, runProgram, type Engine } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fastestVectors } from "./vector-features.js";
import { WasmEngine } from "./wasm-engine.js";

// `npm run conformance` runs this in a separate process, because wide vectors are turned on for the whole process. It also disables
// V8's baseline compiler, which does not support them.

const there = fastestVectors({ wideVectors: true }).paired;
const wide = new WasmEngine({ threads: 1, wideVectors: true });
const narrow = new WasmEngine({ threads: 1 });

describe.skipIf(!there)(
  "wide vectors agree with the reference engine, and with narrow ones to the bit",
  () => {
    it.each(conformanceCases())("$name", ({ build, tolerance }) => {
      const compute = (on: Engine) => runProgram(on, [build()])[0].readSync();
      const got = compute(wide);
      expect(disagreement(got, compute(referenceEngine), tolerance)).toBeNull();
      expect(disagreement(compute(narrow), got, 0)).toBeNull();
    });
  },
);
