import { arrays, DataLoader, mapDataset, moons } from "@stargrad/datasets";
import { BatchNorm1d, crossEntropy, Dropout, Linear, mseLoss, ReLU, Sequential } from "@stargrad/nn";
import { Adam, SGD } from "@stargrad/optim";
import { defaultGenerator, Generator, manualSeed, normal, ones } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { accuracy } from "./classification.js";
import { findLearningRate } from "./find-learning-rate.js";
import { fit } from "./fit.js";

const own = () => new Generator(3);

function setUp(generator = own()) {
  manualSeed(1);
  const model = new Sequential(
    new Linear(2, 16),
    new BatchNorm1d(16),
    new ReLU(),
    new Dropout(0.1),
    new Dropout(0.1, { generator }),
    new Linear(16, 2),
  );
  return {
    model,
    optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
    loader: new DataLoader(moons({ samples: 100, noise: 0.1, seed: 1 }), {
      batchSize: 16,
      shuffle: true,
      seed: 1,
    }),
    loss: crossEntropy,
  };
}

function contentOf({ model, optimizer, loader }: ReturnType<typeof setUp>): unknown {
  const states = [model, optimizer].flatMap((part) => [...part.stateDict()]);
  return [
    states.map(([name, value]) => [name, value.dataSync()]),
    loader.state(),
    defaultGenerator().state(),
  ];
}

describe("findLearningRate", () => {
  it("returns a curve that falls and rises, and a rate that learns", async () => {
    const setup = setUp();
    const { rates, losses, smoothed, suggestion } = await findLearningRate(setup);
    expect(rates[0]).toBe(1e-7);
    expect(new Set([losses.length, smoothed.length, rates.length]).size).toBe(1);
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion).toBeLessThan(1);
    for (const group of setup.optimizer.groups) group.learningRate = suggestion ?? 0;
    const history = await fit({ ...setup, epochs: 30 });
    expect(history[29].loss).toBeLessThan(0.4);
  });

  it("leaves everything as it was, to the bit, before a run and in the middle of one", async () => {
    const generator = own();
    const setup = setUp(generator);
    for (const stop of [0, 4]) {
      if (stop > 0) {
        let steps = 0;
        for await (const { event } of fit({ ...setup, epochs: 2 }))
          if (event === "step" && ++steps === stop) break;
      }
      setup.model.layers[1].eval();
      const [weight] = setup.model.parameters();
      weight.grad = ones([16, 2]);
      const before = [
        contentOf(setup),
        generator.state(),
        setup.model.modules().map(({ training }) => training),
      ];
      await findLearningRate({ ...setup, generators: { generator }, steps: 20, maximum: 100 });
      expect([
        contentOf(setup),
        generator.state(),
        setup.model.modules().map(({ training }) => training),
      ]).toEqual(before);
      expect(weight.grad.dataSync()).toEqual(ones([16, 2]).dataSync());
      weight.grad = null;
      setup.model.train();
    }
    const random = own();
    const [undisturbed, disturbed] = [setUp(), setUp(random)];
    manualSeed(5);
    await fit({ ...undisturbed, epochs: 2 });
    const expected = contentOf(undisturbed);
    manualSeed(5);
    await findLearningRate({ ...disturbed, generators: { random }, steps: 5 });
    await fit({ ...disturbed, epochs: 2 });
    expect(contentOf(disturbed)).toEqual(expected);
  });

  it("ends early if the loss diverges, and keeps the ratios of groups", async () => {
    const { model, loader, loss } = setUp();
    const [weight, ...rest] = model.parameters();
    const groups = [{ parameters: [weight], learningRate: 0.1 }, { parameters: rest, learningRate: 0.2 }]; // prettier-ignore
    const optimizer = new SGD(groups);
    const ratios: number[] = [];
    const forward = (layers: typeof model, batch: { readonly x: Parameters<typeof model.forward>[0] }) => {
      ratios.push(optimizer.groups[1].learningRate / optimizer.groups[0].learningRate);
      return layers.forward(batch.x);
    };
    const curve = await findLearningRate({
      model,
      optimizer,
      loader,
      forward,
      loss: (output, { y }) => loss(output, y),
      maximum: 1e6,
    });
    expect(curve.rates.length).toBeLessThan(100);
    expect(ratios.every((ratio) => Math.abs(ratio - 2) < 1e-9)).toBe(true);
    expect(optimizer.groups.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.2]);
  });

  it.each(sampled([1, 2, 3, 4, 5, 6], 4))(
    "suggests a rate that learns from noisy losses (seed %i)",
    async (seed) => {
      const generator = new Generator(seed);
      const x = normal([225, 7], { generator });
      const model = new Sequential(
        new Linear(7, 32, { generator }),
        new ReLU(),
        new Linear(32, 1, { generator }),
      );
      const optimizer = new Adam(model.parameters());
      const y = x.sum({ axis: 1, keepDims: true }).mul(0.4);
      const loader = new DataLoader(arrays({ x, y }), { batchSize: 16, shuffle: true, seed });
      const { suggestion } = await findLearningRate({ model, optimizer, loader, loss: mseLoss });
      expect(suggestion).toBeGreaterThan(1e-3);
      expect(suggestion).toBeLessThan(0.1);
    },
  );

  it("takes the object of a training, and clips and accumulates as it does", async () => {
    const { loss, ...setup } = setUp();
    const training = { ...setup, loss, epochs: 3, metrics: { accuracy }, clip: { norm: 0 }, accumulate: 3 };
    let updates = 0;
    const schedule = () => ++updates;
    const states = {};
    const { losses, suggestion } = await findLearningRate({ ...training, schedule, states, steps: 14 });
    expect(updates).toBe(0);
    // Gradients of norm 0 change nothing.
    expect(losses).toHaveLength(14);
    expect(suggestion).toBeNull();
    const clipped = await findLearningRate({ ...training, clip: 1e-6, maximum: 1e6 });
    const free = await findLearningRate({ ...setup, loss, maximum: 1e6 });
    expect(clipped.losses.length).toBeGreaterThan(free.losses.length);
  });

  it("ends when it is aborted", async () => {
    const controller = new AbortController();
    const setup = setUp();
    const before = contentOf(setup);
    let calls = 0;
    const batches = mapDataset(moons({ samples: 100, seed: 1 }), (batch) => {
      if (++calls === 5) controller.abort();
      return batch;
    });
    const loader = new DataLoader(batches, { batchSize: 16, shuffle: true, seed: 1 });
    const { rates } = await findLearningRate({ ...setup, loader, signal: controller.signal });
    expect(rates).toHaveLength(4);
    expect(contentOf(setup)).toEqual(before);
  });

  it("refuses a running training, and wrong options", async () => {
    const setup = setUp();
    for await (const { event } of fit({ ...setup, epochs: 1 })) {
      if (event !== "step") continue;
      await expect(findLearningRate(setup)).rejects.toThrow("Call it before the run");
      break;
    }
    await expect(findLearningRate({ ...setup, minimum: 1, maximum: 0.1 })).rejects.toThrow(
      "findLearningRate: got minimum 1 and maximum 0.1",
    );
    await expect(findLearningRate({ ...setup, steps: 0 })).rejects.toThrow("got steps 0");
  });
});
