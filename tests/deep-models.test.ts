import { describe, expect, it } from "vitest";
import {
  encoder,
  languageModel,
  recurrent,
  resNet,
  tanhChain,
  uNet,
  type RecurrentName,
} from "./deep-models.js";
import { expectSameRecorded } from "./trainings.js";

// A recorded `trainStep` equals a plain loop bit for bit, and learns, at any depth. Larger models: deep-models.long.test.ts.

describe("trainStep equals a plain loop, and learns, with", () => {
  it.each([1, 2, 8])("%i encoder layers", (layers) => {
    expectSameRecorded(() => encoder(layers), 4);
  });

  it.each([1, 50])("%i times (Linear, tanh)", (length) => {
    expectSameRecorded(() => tanhChain(length), 4);
  });

  const names: readonly RecurrentName[] = ["RNN", "GRU", "LSTM"];
  const lengths = [1, 2, 49, 50, 200];
  it.each(names.flatMap((name) => lengths.map((steps) => [name, steps] as const)))(
    "%s over %i steps",
    (name, steps) => {
      expectSameRecorded(() => recurrent(name, steps), 4);
    },
  );

  it.each(names)("%s with all its options, over 20 steps", (name) => {
    const all = { numLayers: 2, bidirectional: true, dropout: 0.3, batchFirst: true };
    const lengthsOf = (step: number) => [20 - step, 1 + 3 * step];
    expectSameRecorded(() => recurrent(name, 20, { ...all, lengths: lengthsOf }), 5);
  });

  it("a U-Net of 2 levels", () => {
    expectSameRecorded(() => uNet(2), 4);
  });

  it("a ResNet of 14 convolutions", () => {
    expectSameRecorded(() => resNet([1, 1, 1, 0]), 4);
  });

  it("a language model of 3 layers", () => {
    expectSameRecorded(() => languageModel(3), 5);
  });
});

it("the ResNet-50 has 53 convolutions", () => {
  const { model } = resNet([3, 4, 6, 3]);
  const kernels = [...model.parameters()].filter(({ ndim }) => ndim === 4);
  expect(kernels).toHaveLength(53);
});
