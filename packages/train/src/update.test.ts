import { backward, type Parameter } from "@stargrad/autograd";
import { arrays, DataLoader } from "@stargrad/datasets";
import { BatchNorm1d, crossEntropy, Dropout, Linear, ReLU, Sequential } from "@stargrad/nn";
import { Adam, clipGradNorm, clipGradValue, EMA, LBFGS, Muon, NAdam, SGD } from "@stargrad/optim";
import { defaultGenerator, fromData, Generator, manualSeed, tensor, type Tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { decodeCheckpoint, encodeCheckpoint, restoreCheckpoint } from "./checkpoint.js";
import type { Clip } from "./clip.js";
import { evaluate } from "./evaluate.js";
import { fit, type FitEvent } from "./fit.js";
import { accuracy } from "./classification.js";

const optimizers = [
  (parameters: Parameter[]) => new SGD(parameters, { learningRate: 0.1, momentum: 0.9 }),
  (parameters: Parameter[]) => new Adam(parameters, { learningRate: 0.02, weightDecay: 0.1 }),
  (parameters: Parameter[]) => new NAdam(parameters, { learningRate: 0.02 }),
  (parameters: Parameter[]) => new Muon(parameters.filter(({ ndim }) => ndim === 2)),
];

/** A random training of classes, one of them ignored, with batches of unequal sizes of at least two items. */
function randomTraining(seed: number) {
  const generator = new Generator(seed);
  const below = (end: number): number => Math.floor(generator.uniform() * end);
  const choose = <T>(choices: readonly T[]): T => choices[below(choices.length)];
  const [least, batchSize, width] = [5 + below(15), 2 + below(3), 2 + below(6)];
  const items = least + Number(least % batchSize === 1);
  const y = Int32Array.from({ length: items }, (_, i) => (i === 0 ? -100 : below(3)));
  const x = Float32Array.from({ length: items * 2 }, () => generator.uniform() * 4 - 2);
  const data = arrays({ x: fromData(x, [items, 2]), y });
  const accumulate = choose([1, 2, 3, 4, 100]);
  const clip = choose<Clip | undefined>([undefined, 0.1, 0.5, { norm: 1 }, { value: 0.05 }, { value: 0.2 }]);
  const optimizer = choose(optimizers);
  const layers = [choose([new Dropout(0.3), new ReLU()]), choose([new Dropout(0.5), new BatchNorm1d(width)])];
  manualSeed(seed);
  const model = new Sequential(new Linear(2, width), ...layers, new Linear(width, 3));
  return {
    model,
    optimizer: optimizer(model.parameters()),
    loader: new DataLoader(data, { batchSize, shuffle: true, seed }),
    loss: crossEntropy,
    metrics: { accuracy },
    epochs: 3,
    accumulate,
    ...(clip !== undefined && { clip }),
    ema: new EMA(model.parameters(), { decay: 0.9 }),
  };
}

type Training = ReturnType<typeof randomTraining>;

/** The loop that the options `clip` and `accumulate` replace. */
async function plainLoop({ model, optimizer, loader, epochs, accumulate, clip, ema }: Training) {
  const parameters = optimizer.groups.flatMap((group) => group.parameters);
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [batches, items] = [0, 0];
    for await (const { x, y } of loader) {
      const counted = y.dataSync().filter((label) => label !== -100).length;
      backward(crossEntropy(model.forward(x), y).mul(accumulate === 1 ? 1 : counted));
      [batches, items] = [batches + 1, items + counted];
      if (batches % accumulate > 0 && batches < loader.length) continue;
      if (accumulate > 1)
        for (const each of parameters) if (each.grad !== null) each.grad = each.grad.div(items);
      if (clip !== undefined) {
        const { norm, value } = (typeof clip === "number" ? { norm: clip } : clip) as {
          norm?: number;
          value?: number;
        };
        if (norm !== undefined) clipGradNorm(parameters, norm);
        if (value !== undefined) clipGradValue(parameters, value);
      }
      optimizer.step();
      for (const each of [...parameters, ...model.parameters()]) each.grad = null;
      ema.update();
      items = 0;
    }
  }
}

function contentOf({ model, optimizer, ema }: Training): unknown {
  const states = [model, optimizer, ema].flatMap((part) => [...part.stateDict()]);
  return [states.map(([name, value]) => [name, value.dataSync()]), defaultGenerator().state()];
}

function telling({ event, epoch, ...rest }: FitEvent<"accuracy">): string {
  const figures = "loss" in rest ? [rest.loss, rest.metrics.accuracy] : [];
  return [event, epoch, "step" in rest ? rest.step : "", ...figures].join(" ");
}

const seeds = Array.from({ length: sized({ short: 2, long: 200 }) }, (_, seed) => seed);

describe("clip and accumulate of fit", () => {
  it.each(seeds)("are bit for bit those of the plain loop (%i)", async (seed) => {
    const [fitted, byHand] = [randomTraining(seed), randomTraining(seed)];
    manualSeed(seed);
    await plainLoop(byHand);
    const expected = contentOf(byHand);
    manualSeed(seed);
    await fit(fitted);
    expect(contentOf(fitted)).toEqual(expected);
  });

  it.each(seeds)("are resumed bit for bit after any event (%i)", async (seed) => {
    const undisturbed = randomTraining(seed);
    manualSeed(seed);
    const told: string[] = [];
    for await (const event of fit(undisturbed)) told.push(telling(event));
    const content = contentOf(undisturbed);

    const stop = (seed * 7) % told.length;
    const first = randomTraining(seed);
    manualSeed(seed);
    let bytes: Uint8Array = new Uint8Array();
    const before: string[] = [];
    for await (const event of fit(first)) {
      before.push(telling(event));
      if (before.length <= stop) continue;
      bytes = await encodeCheckpoint(first);
      break;
    }
    const second = randomTraining(seed);
    manualSeed(99);
    restoreCheckpoint(await decodeCheckpoint(bytes), second);
    const after: string[] = [];
    for await (const event of fit(second)) after.push(telling(event));
    // The batches of a step that was not taken come again.
    const steps = (list: string[]) => list.filter((each) => !each.startsWith("batch"));
    expect(steps([...before, ...after])).toEqual(steps(told));
    expect(contentOf(second)).toEqual(content);
  });

  const x = tensor([
    [1, 2],
    [3, -1],
    [0, 4],
    [2, 2],
    [1, -3],
  ]);
  const y = tensor([0, -100, 1, 1, 0], { dtype: "int32" });
  const setUp = (batchSize: number) => {
    const model = new Linear(2, 2, { generator: new Generator(1) });
    const optimizer = new SGD(model.parameters(), { learningRate: 0.5 });
    return { model, optimizer, loader: new DataLoader(arrays({ x, y }), { batchSize }), loss: crossEntropy };
  };
  const valuesOf = (model: { stateDict(): Map<string, Tensor> }) =>
    [...model.stateDict().values()].flatMap((value) => [...value.dataSync()]);

  it("make the step of one large batch of unequal and ignored items, and report its loss", async () => {
    const [whole, parts] = [setUp(5), setUp(2)];
    const [expected] = await fit({ ...whole, epochs: 1 });
    const steps: [number, number, number][] = [];
    let batches = 0;
    for await (const event of fit({ ...parts, epochs: 1, accumulate: 3 })) {
      if (event.event === "batch") batches++;
      if (event.event === "step") steps.push([event.step, event.steps, event.loss]);
    }
    expect(batches).toBe(3);
    expect(steps).toEqual([[1, 1, expect.closeTo(expected.loss, 6)]]);
    const values = valuesOf(parts.model);
    for (const [i, value] of valuesOf(whole.model).entries()) expect(values[i]).toBeCloseTo(value, 6);
  });

  it("count updates as the steps of a schedule", async () => {
    const asked: number[] = [];
    const schedule = (step: number): number => asked.push(step);
    await fit({ ...setUp(2), epochs: 2, accumulate: 2, schedule });
    expect(new Set(asked)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("hold for hundreds of batches, with one update for every eight", async () => {
    const items = sized({ short: 401, long: 1001 });
    const generator = new Generator(1);
    const points = Float32Array.from({ length: items * 2 }, () => generator.uniform() - 0.5);
    const labels = Int32Array.from({ length: items }, (_, i) => Number(points[2 * i] > points[2 * i + 1]));
    const loader = new DataLoader(arrays({ x: fromData(points, [items, 2]), y: labels }), { batchSize: 1 });
    const { model } = setUp(1);
    const optimizer = new Adam(model.parameters(), { learningRate: 0.05 });
    const losses: number[] = [];
    for await (const event of fit({
      model,
      optimizer,
      loader,
      loss: crossEntropy,
      epochs: 1,
      accumulate: 8,
      clip: 1,
    })) {
      if (event.event === "step") losses.push(event.loss);
    }
    expect(losses).toHaveLength(Math.ceil(items / 8));
    expect((await evaluate(model, loader, { accuracy })).accuracy).toBeGreaterThan(0.95);
  });

  it("leave no gradient, and the weights when a loss is not finite", async () => {
    const { loader: _, ...setup } = setUp(1);
    const broken = arrays({ x: tensor([[1, 2], [0, NaN]]), y: Int32Array.of(1, 0) }); // prettier-ignore
    const before = valuesOf(setup.model);
    await expect(fit({ ...setup, loader: new DataLoader(broken), epochs: 1, accumulate: 2 })).rejects.toThrow(
      "fit: the loss is NaN in epoch 1, step 1; the weights are those of the step before",
    );
    expect(valuesOf(setup.model)).toEqual(before);
    await fit({
      ...setUp(2),
      model: setup.model,
      optimizer: setup.optimizer,
      epochs: 1,
      accumulate: 2,
      clip: 1,
    });
    expect(setup.model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it("clip the gradients of every evaluation of LBFGS, which does not accumulate", async () => {
    const setup = setUp(5);
    const before = valuesOf(setup.model);
    const optimizer = new LBFGS(setup.model.parameters(), { maxIterations: 1 });
    await fit({ ...setup, optimizer, epochs: 1, clip: { value: 0 } });
    expect(valuesOf(setup.model)).toEqual(before);
    await expect(fit({ ...setup, optimizer, epochs: 1, accumulate: 2, startEpoch: 0 })).rejects.toThrow(
      "fit: got accumulate for an optimizer that evaluates the loss several times in a step. Use larger batches",
    );
  });

  it("refuse what is no bound and no count", () => {
    for (const clip of [-1, NaN, "1", {}, { norm: 1, value: 1 }, { value: -1 }, { size: 1 }, [1], null]) {
      expect(() => fit({ ...setUp(2), epochs: 1, clip: clip as never })).toThrow(
        /^fit: got clip .*; expected a norm such as 1, \{ norm: 1 \} or \{ value: 0.5 \}/,
      );
    }
    for (const accumulate of [0, 1.5, "2", Infinity]) {
      expect(() => fit({ ...setUp(2), epochs: 1, accumulate: accumulate as never })).toThrow(
        /^fit: got accumulate/,
      );
    }
  });
});
