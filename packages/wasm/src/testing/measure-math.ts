// Prints the time of each function in nanoseconds per element, beside that of a plain loop over Math in the same run:
//     node --conditions=source --import tsx packages/wasm/src/testing/measure-math.ts

import { primitiveNames, primitives, type TranscendentalName } from "@stargrad/graph";
import { fastestVectors } from "../vector-features.js";
import { mathLoop } from "./math-loop.js";

const names = primitiveNames.filter((name): name is TranscendentalName => {
  const row = primitives[name];
  return "transcendental" in row && row.transcendental;
});

/** The time of the shortest of many runs, because other work runs on the machine. */
function nanoseconds(elements: number, run: () => void): string {
  let best = Infinity;
  for (let attempt = 0; attempt < 60; attempt++) {
    const start = performance.now();
    for (let i = 0; i < 20; i++) run();
    best = Math.min(best, performance.now() - start);
  }
  return ((best * 1e6) / (20 * elements)).toFixed(2);
}

/** Fills with positive numbers if the function requires them, else with both signs. */
function fill(name: TranscendentalName, [x, y]: readonly (Float32Array | Float64Array)[]): void {
  const low = name === "log" || name === "log1p" || name === "pow" ? 0.01 : -6;
  x.forEach((_, i) => (x[i] = low + ((i * 0.377) % 12)));
  if (primitives[name].arity === 2) y.forEach((_, i) => (y[i] = ((i * 0.77) % 6) - 3));
}

function row(
  name: TranscendentalName,
  array: Float32ArrayConstructor | Float64ArrayConstructor,
  relaxed: boolean,
): string {
  const { inputs, output, run } = mathLoop<Float32Array | Float64Array>(name, array, { relaxed });
  fill(name, inputs);
  const loops = [run, plainLoop(name, inputs, output)];
  return loops.map((loop) => nanoseconds(output.length, loop)).join(" | ");
}

/** The loop of the reference engine. */
function plainLoop(
  name: TranscendentalName,
  inputs: readonly (Float32Array | Float64Array)[],
  output: Float32Array | Float64Array,
): () => void {
  const dtype = output instanceof Float32Array ? "float32" : "float64";
  const shape = [output.length];
  const tensors = inputs.map((data) => ({ dtype, shape, data }) as const);
  return () => {
    primitives[name].reference(tensors, {}, { dtype, shape, data: output });
  };
}

for (const relaxed of fastestVectors().relaxed ? [false, true] : [false]) {
  console.log(`\nrelaxed multiply-add: ${relaxed ? "yes" : "no"}`);
  console.log("| | float32 | reference | float64 | reference |");
  for (const name of names) {
    console.log(`| ${name} | ${row(name, Float32Array, relaxed)} | ${row(name, Float64Array, relaxed)} |`);
  }
}
