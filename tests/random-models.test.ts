import { getEngine, referenceEngine, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { afterEach, describe, expect, it } from "vitest";
import { layerNames } from "./random-layers.js";
import { modelOf, optimizerNames, randomModel, trainInAllWays } from "./random-models.js";
import { expectLearning, expectSameRecorded, plainStep, recordedStep, train } from "./trainings.js";

/** The numbers of layers; deeper models are in random-models.long.test.ts. */
const depths = [1, 2, 3, 5, 8, 12, 16, 24, 32, 45, 60];

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

describe("a random model", () => {
  it.each(depths)("of %i layers learns bit for bit the same recorded as in a plain loop", (depth) => {
    const make = () => randomModel(100 + depth, depth);
    const { description } = make();
    const { plain, recorded, paused } = trainInAllWays(make);
    expect(recorded, description).toEqual(plain);
    expect(paused, description).toEqual(plain);
    expectLearning(plain, description);
  });

  it.each([4, 20])("of %i layers learns bit for bit the same on threads", (depth) => {
    const make = () => randomModel(200 + depth, depth);
    const [one, three] = [1, 3].map((threads) => {
      using used = new WasmEngine({ threads, waitForThreads: true, leastWork: 0 });
      setEngine(used);
      return [plainStep, recordedStep].map((stepOf) => train(make, stepOf, 6));
    });
    setEngine(engine);
    expect(one[1]).toEqual(one[0]);
    expect(three).toEqual(one);
    expectLearning(one[0], make().description);
  });

  it.each([3, 10])("of %i layers learns about the same on the reference engine", (depth) => {
    const make = () => randomModel(300 + depth, depth);
    const { losses } = train(make, plainStep, 6);
    setEngine(referenceEngine);
    const expected = train(make, recordedStep, 6).losses;
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected[i], 4);
    expectLearning({ losses });
  });
});

describe("each layer", () => {
  it.each(layerNames)("%s learns bit for bit the same recorded as in a plain loop", (name) => {
    expectSameRecorded(() => modelOf(["Linear", name, name], { seed: 1, channels: 3 }), 4, name);
  });
});

describe("each optimizer", () => {
  it.each(optimizerNames)("%s makes bit for bit the same steps recorded as in a plain loop", (optimizer) => {
    const layers = ["Linear", "BatchNorm1d", "LSTM", "Conv2d", "Dropout"];
    expectSameRecorded(() => modelOf(layers, { seed: 2, channels: 2, optimizer }), 8, optimizer);
  });
});
