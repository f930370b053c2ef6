import { getEngine } from "@stargrad/tensor";
import { expect, it } from "vitest";
import { distance, tolerance } from "../agreement.js";
import { normalInput } from "../inputs.js";
import { stargradOn } from "../stargrad.js";
import type { Layer, Workload } from "../workload.js";
import { inputsOf } from "../workloads/training.js";
import { arePeersInstalled } from "./install.js";
import { openJax } from "./jax.js";
import { openTensorFlow } from "./tensorflow.js";

// The peers are not dependencies: `npm run -s bench -- --peers` installs them. Without them, these tests are skipped.

function forward(layers: readonly Layer[], shape: readonly number[]): Workload {
  return {
    name: "small",
    task: { kind: "forward", layers },
    limit: { operations: 1 },
    inputs: () => inputsOf(layers, (generator) => normalInput([...shape], generator)),
  };
}

const perceptron = forward(
  [{ layer: "linear", inputs: 6, outputs: 5 }, { layer: "relu" }, { layer: "linear", inputs: 5, outputs: 4 }],
  [3, 6],
);
const encoder = forward([{ layer: "encoder", features: 8, heads: 2 }], [2, 5, 8]);

it.skipIf(!arePeersInstalled()).each([
  ["jax-js", "a perceptron", openJax, perceptron],
  ["jax-js", "an encoder", openJax, encoder],
  ["TensorFlow.js", "a perceptron", openTensorFlow, perceptron],
] as const)("%s computes the forward pass of %s", async (_peer, _model, open, workload) => {
  const [peer] = await open();
  const results: ArrayLike<number>[] = [];
  for (const contestant of [stargradOn(getEngine(), "default"), peer]) {
    const prepared = await contestant.prepare(workload);
    await prepared.run(2);
    results.push(await prepared.result());
    prepared.dispose?.();
  }
  expect(distance(results[1], results[0])).toBeLessThan(tolerance);
});
