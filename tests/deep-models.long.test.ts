import { describe, it } from "vitest";
import {
  batchesOf,
  encoder,
  languageModel,
  recurrent,
  resNet,
  tanhChain,
  uNet,
  type RecurrentName,
} from "./deep-models.js";
import { expectSameRecorded } from "./trainings.js";

// The larger depths of deep-models.test.ts, which take longer.

describe("trainStep equals a plain loop, and learns, with", { timeout: 600_000 }, () => {
  it.each([24, 64])("%i encoder layers", (layers) => {
    expectSameRecorded(() => encoder(layers), 6);
  });

  it("400 times (Linear, tanh)", () => {
    expectSameRecorded(() => tanhChain(400), 6);
  });

  const names: readonly RecurrentName[] = ["RNN", "GRU", "LSTM"];
  it.each(names)("%s over 500 steps", (name) => {
    expectSameRecorded(() => recurrent(name, 500), 6);
  });

  it.each(names)("%s with all its options, over 200 steps", (name) => {
    const all = { numLayers: 2, bidirectional: true, dropout: 0.3, batchFirst: true };
    const lengths = (step: number) => [200 - 10 * step, 1 + 30 * step];
    expectSameRecorded(() => recurrent(name, 200, { ...all, lengths }), 6);
  });

  it("a U-Net of 4 levels", () => {
    expectSameRecorded(() => uNet(4), 6);
  });

  it("a ResNet-50", () => {
    expectSameRecorded(() => resNet([3, 4, 6, 3]), 6);
  });

  it("300 shapes in turn, and then the first ones again", () => {
    expectSameRecorded(() => batchesOf(300), 303);
  });

  it("a language model of 24 layers", () => {
    expectSameRecorded(() => languageModel(24), 6);
  });
});
