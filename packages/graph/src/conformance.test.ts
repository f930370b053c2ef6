import { expect, it } from "vitest";
import { conformanceCases, disagreement } from "./conformance.js";
import { runProgram } from "./engine.js";
import { plainNames } from "./primitives.js";
import { referenceEngine } from "./reference-engine.js";

it("has cases of every primitive, with unique names, that the reference engine can compute", () => {
  const cases = conformanceCases();
  const names = cases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const primitive of plainNames) {
    const own = cases.filter(({ name }) => name.startsWith(`${primitive}, sample 0,`));
    expect(own.length, primitive).toBeGreaterThan(0);
    for (const { build } of own) expect(runProgram(referenceEngine, [build()])).toHaveLength(1);
  }
});

it("describes the first element that differs", () => {
  const [a, b] = [Float64Array.of(1, 2, NaN), Float64Array.of(1, 2.001, NaN)];
  expect(disagreement(a, a, 0)).toBeNull();
  expect(disagreement(a, b, 0.01)).toBeNull();
  expect(disagreement(a, b, 1e-4)).toBe("element 1 is 2; expected 2.001");
  expect(disagreement(Float64Array.of(0), Float64Array.of(-0), 0)).toBe("element 0 is 0; expected 0");
  expect(disagreement(Float64Array.of(NaN), Float64Array.of(1), 1)).toBe("element 0 is NaN; expected 1");
  expect(disagreement(a, new Float32Array(3), 1)).toBe("got Float64Array(3); expected Float32Array(3)");
});
