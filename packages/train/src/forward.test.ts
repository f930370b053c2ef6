import { arrays, DataLoader } from "@stargrad/datasets";
import { crossEntropy, Dropout, Embedding, Linear, Module, mseLoss, ReLU, Sequential } from "@stargrad/nn";
import { Adam, EMA, SGD } from "@stargrad/optim";
import { concat, fromData, Generator, manualSeed, normal, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, expectTypeOf, it } from "vitest";

import { decodeCheckpoint, encodeCheckpoint, restoreCheckpoint } from "./checkpoint.js";
import { evaluate } from "./evaluate.js";
import { fit } from "./fit.js";
import { accuracy } from "./classification.js";

/** Predicts from numbers and a category. */
class Rent extends Module {
  readonly city = new Embedding(3, 2);
  readonly layer = new Linear(4, 1);

  forward(x: Tensor, city: Tensor): Tensor {
    return this.layer.forward(concat([x, this.city.forward(city)], { axis: 1 }));
  }
}

const generator = new Generator(1);
const items = 23;
const x = normal([items, 2], { generator });
const city = Int32Array.from({ length: items }, (_, i) => i % 3);
const rent = fromData(
  Float32Array.from({ length: items }, (_, i) => city[i] - 0.5 * x.dataSync()[2 * i]),
  [items, 1],
);
const table = arrays({ x, city, rent });

describe("fit and evaluate with forward", () => {
  function setUp() {
    manualSeed(1);
    const model = new Rent();
    const optimizer = new Adam(model.parameters(), { learningRate: 0.05 });
    return { model, optimizer, loader: new DataLoader(table, { batchSize: 5, shuffle: true, seed: 1 }) };
  }

  it("take a model of several inputs, and infer the types of batches and outputs", async () => {
    const setup = setUp();
    const training = { ...setup, epochs: 30 };
    let largest = 0;
    for await (const event of fit({
      ...training,
      forward: (model, batch) => {
        expectTypeOf(model).toEqualTypeOf<Rent>();
        return { value: model.forward(batch.x, batch.city), city: batch.city };
      },
      loss: ({ value }, batch) => mseLoss(value, batch.rent),
      metrics: { absolute: (output, batch) => output.value.sub(batch.rent).abs().mean() },
    })) {
      if (event.event === "batch") expectTypeOf(event.batch.rent).toExtend<Tensor>();
      if (event.event === "epoch") largest = event.metrics.absolute;
    }
    expect(largest).toBeLessThan(0.2);
    const figures = await evaluate({
      model: setup.model,
      loader: setup.loader,
      forward: (model, batch) => model.forward(batch.x, batch.city),
      metrics: { absolute: (output, batch) => output.sub(batch.rent).abs().mean() },
    });
    const output = setup.model.forward(x, tensor(city, { dtype: "int32" }));
    expect(figures.absolute).toBeCloseTo(output.sub(rent).abs().mean().itemSync(), 6);
  });

  it("give bit for bit the results of x and y", async () => {
    const train = async (withForward: boolean) => {
      manualSeed(1);
      const data = arrays({ x, y: city });
      const model = new Sequential(new Linear(2, 8), new ReLU(), new Dropout(0.2), new Linear(8, 3));
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      const loader = new DataLoader(data, { batchSize: 5, shuffle: true });
      const common = { model, optimizer, loader, validation: loader, epochs: 2 };
      const history = withForward
        ? await fit({
            ...common,
            forward: (layers, batch) => layers.forward(batch.x),
            loss: (output, { y }) => crossEntropy(output, y),
            metrics: { accuracy: (output, { y }) => accuracy(output, y) },
          })
        : await fit({ ...common, loss: crossEntropy, metrics: { accuracy } });
      return history.map((event) => ({ ...event, seconds: 0 }));
    };
    expect(await train(true)).toEqual(await train(false));
  });

  it("take promises, tuples, lists, single tensors, numbers and fields that are no tensors", async () => {
    const nested = {
      length: items,
      batch: (indices: Int32Array) => {
        const { x: rows, rent: y } = table.batch(indices);
        return Promise.resolve({ pair: [rows, { y }] as const, files: ["a.png"], scale: 2, at: new Date() });
      },
    };
    const model = new Linear(2, 1);
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const [first, last] = await fit({
      model,
      optimizer,
      loader: new DataLoader(nested, { batchSize: 4 }),
      forward: (layer, batch) => {
        expect(Object.keys(batch)).toEqual(["pair", "scale"]);
        return layer.forward(batch.pair[0]).mul(batch.scale);
      },
      loss: (output, { pair: [, { y }] }) => mseLoss(output, y),
      epochs: 2,
      accumulate: 2,
    });
    expect(last.loss).toBeLessThan(first.loss);

    const rows = { length: items, batch: (indices: Int32Array) => table.batch(indices).x };
    const auto = new Sequential(new Linear(2, 1), new Linear(1, 2));
    const history = await fit({
      model: auto,
      optimizer: new Adam(auto.parameters(), { learningRate: 0.05 }),
      loader: new DataLoader(rows, { batchSize: 4 }),
      forward: (layers, batch) => layers.forward(batch),
      loss: (output, batch) => mseLoss(output, batch),
      epochs: 20,
    });
    expect(history[19].loss).toBeLessThan(history[0].loss);
  });

  it("names what is no batch of tensors, and what is no function", async () => {
    const texts = { length: 2, batch: () => ({ files: ["a"], sizes: [] }) };
    const model = new Linear(2, 1);
    const optimizer = new SGD(model.parameters());
    const common = { model, optimizer, loader: new DataLoader(texts), epochs: 1 };
    const options = { ...common, forward: () => tensor(1), loss: () => tensor(1) };
    await expect(fit(options)).rejects.toThrow(
      "fit: the loader yields a batch without tensors; expected some, such as { x, y }",
    );
    expect(() => fit({ ...options, forward: 1 as never })).toThrow("fit: got forward 1; expected a function");
    await expect(evaluate({ ...common, forward: () => tensor(1), metrics: {} } as never)).rejects.toThrow(
      "evaluate: got the unknown option",
    );
  });
});

describe("validation of fit", () => {
  const held = arrays({
    x: normal([11, 2], { generator }),
    y: Int32Array.from({ length: 11 }, (_, i) => i % 3),
  });
  function setUp() {
    manualSeed(1);
    const model = new Sequential(new Linear(2, 8), new ReLU(), new Dropout(0.5), new Linear(8, 3));
    return {
      model,
      optimizer: new Adam(model.parameters(), { learningRate: 0.05 }),
      loader: new DataLoader(arrays({ x, y: city }), { batchSize: 5, shuffle: true, seed: 1 }),
      validation: new DataLoader(held, { batchSize: 4 }),
      loss: crossEntropy,
      metrics: { accuracy },
      epochs: 3,
      ema: new EMA(model.parameters(), { decay: 0.5 }),
    };
  }
  const metrics = { accuracy, loss: crossEntropy };

  it("is what evaluate returns after the epoch, with the averages if there are some", async () => {
    for (const averaged of [true, false]) {
      const { ema, ...setup } = setUp();
      const told: unknown[] = [];
      for await (const event of fit(averaged ? { ...setup, ema } : setup)) {
        if (event.event !== "epoch") continue;
        const judge = () => evaluate(setup.model, setup.validation, metrics);
        const { loss, ...rest } = averaged ? await ema.withAverages(judge) : await judge();
        expect(event.validation).toEqual({ loss, metrics: rest });
        told.push(event.validation);
      }
      expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(3);
    }
  });

  it("changes no step, and is the same in a resumed run", async () => {
    const { validation: _, ...without } = setUp();
    await fit(without);
    const whole = setUp();
    const history = (await fit(whole)).map((event) => ({ ...event, seconds: 0 }));
    const valuesOf = (model: Module) => [...model.stateDict().values()].map((value) => value.dataSync());
    expect(valuesOf(whole.model)).toEqual(valuesOf(without.model));

    for (const [name, epoch] of [
      ["step", 2],
      ["epoch", 1],
    ] as const) {
      // prettier-ignore
      const first = setUp();
      let bytes: Uint8Array | null = null;
      for await (const event of fit(first)) {
        if (event.event === "step" && event.step < event.steps) continue;
        if (event.event !== name || event.epoch !== epoch) continue;
        bytes = await encodeCheckpoint(first);
        break;
      }
      const second = setUp();
      restoreCheckpoint(await decodeCheckpoint(bytes as never), second);
      const rest = (await fit(second)).map((event) => ({ ...event, seconds: 0 }));
      expect(rest).toEqual(history.slice(1));
    }
  });

  it("is a loader with batches", async () => {
    const setup = setUp();
    expect(() => fit({ ...setup, validation: held as never })).toThrow("fit: got a dataset as its loader");
    const none = new DataLoader(held, { batchSize: 100, dropLast: true });
    const first = fit({ ...setup, validation: none }).next();
    await expect(first).rejects.toThrow("fit: the validation loader has no batches");
  });
});
