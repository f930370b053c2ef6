import { backward } from "@stargrad/autograd";
import { arrays, DataLoader, moons } from "@stargrad/datasets";
import { pendingNodes, type Engine } from "@stargrad/graph";
import { crossEntropy, Dropout, Linear, ReLU, Sequential, type Layer } from "@stargrad/nn";
import { AdamW, EMA, ReduceOnPlateau, Scheduler, SGD } from "@stargrad/optim";
import { Generator, getEngine, setEngine, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";

import { evaluate } from "./evaluate.js";
import { fit, type BatchEvent, type FitEvent } from "./fit.js";
import { accuracy, f1 } from "./classification.js";
import type { Batch } from "./pass.js";
import { predict } from "./predict.js";

const data = moons({ samples: 60, noise: 0.1, seed: 1 });

function setUp({ learningRate = 0.02 } = {}) {
  const generator = new Generator(1);
  const model = new Sequential(
    new Linear(2, 16, { generator }),
    new ReLU(),
    new Linear(16, 2, { generator }),
  );
  return {
    model,
    optimizer: new AdamW(model.parameters(), { learningRate }),
    loader: new DataLoader(data, { batchSize: 25, shuffle: true, seed: 1 }),
    loss: crossEntropy,
  };
}

/** A training with dropout. */
function setUpDropout() {
  const { loader, loss } = setUp();
  const generator = new Generator(1);
  const model = new Sequential(
    new Linear(2, 16, { generator }),
    new Dropout(0.5, { generator }),
    new Dropout(0.5, { generator }),
    new Linear(16, 2, { generator }),
  );
  const optimizer = new AdamW(model.parameters(), { learningRate: 0.02 });
  return { model, optimizer, loader, loss };
}

/** All events except those before the steps. */
async function eventsOf<Name extends string>(
  events: AsyncIterable<FitEvent<Name>>,
): Promise<Exclude<FitEvent<Name>, BatchEvent>[]> {
  const seen: Exclude<FitEvent<Name>, BatchEvent>[] = [];
  for await (const event of events) if (event.event !== "batch") seen.push(event);
  return seen;
}

describe("fit", () => {
  it("refuses what is no model and no optimizer", () => {
    const setup = setUp();
    const [optimizer, model] = [setup.optimizer as unknown, setup.model as unknown];
    for (const wrong of ["adam", AdamW, [optimizer], model]) {
      expect(() => fit({ ...setup, epochs: 1, optimizer: wrong as never })).toThrow(
        /^fit: got optimizer .* expected an optimizer, such as new Adam/,
      );
    }
    for (const wrong of [setup.model.parameters(), [model], Linear, { forward: () => 0 }]) {
      expect(() => fit({ ...setup, epochs: 1, model: wrong as never })).toThrow(
        /^fit: got model .* a module/,
      );
    }
  });

  it("refuses a second run of the same model until the first has ended", async () => {
    const options = { ...setUp(), epochs: 1 };
    const results = await Promise.allSettled([fit(options), fit(options)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(String((results[1] as PromiseRejectedResult).reason)).toContain(
      "fit: another run that has not ended trains this Sequential",
    );
    const loader = await Promise.allSettled([
      fit(options),
      fit({ ...setUp(), loader: options.loader, epochs: 1 }),
    ]);
    expect(String((loader[1] as PromiseRejectedResult).reason)).toContain(
      "fit: another run that has not ended reads this loader",
    );
    const run = fit({ ...options, startEpoch: 0 });
    await run.next();
    await run.return();
    const failing = (): never => {
      throw new Error("own");
    };
    await expect(fit({ ...options, loss: failing, startEpoch: 0 })).rejects.toThrow("own");
    expect(await fit({ ...options, startEpoch: 0 })).toHaveLength(1);
  });

  it("refuses averages of another model", () => {
    const options = { ...setUp(), epochs: 1 };
    expect(() => fit({ ...options, ema: new EMA(setUp().model.parameters()) })).toThrow(
      "fit: got an EMA of another model",
    );
    fit({ ...options, ema: new EMA(options.model.parameters()) });
  });

  it("refuses a Scheduler of another optimizer by name", async () => {
    const options = { ...setUp(), epochs: 1 };
    const other = new SGD(setUp().model.parameters(), { learningRate: 0.1 });
    const halved = (optimizer: typeof other | typeof options.optimizer) =>
      new Scheduler(optimizer, () => 0.5);
    expect(() => fit({ ...options, schedule: halved(other) })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: fit: got a Scheduler of another optimizer (SGD): it does not set the learning rates of the AdamW that trains. Make it with new Scheduler(optimizer, schedule), or pass the schedule itself]`,
    );
    expect(halved(other).optimizer).toBe(other);
    await fit({ ...options, schedule: halved(options.optimizer) });
    expect(options.optimizer.groups[0].learningRate).toBe(0.01);
    // One of the same groups, and one of one's own.
    fit({ ...options, schedule: new Scheduler({ groups: options.optimizer.groups }, () => 1) });
    const own = { set: () => undefined, stateDict: () => new Map(), loadStateDict: () => undefined };
    fit({ ...options, schedule: own as never });
  });

  describe("with batches whose items are all ignored", () => {
    const y = Int32Array.from(data.all().y.dataSync());
    const masked = (from: number, to: number) =>
      arrays({ x: data.all().x, y: y.map((c, i) => (i >= from && i < to ? -100 : c)) });
    const setUpMasked = (from: number, to: number, batchSize = 20) => {
      const training = setUp();
      const ema = new EMA(training.model.parameters());
      return {
        ...training,
        ema,
        metrics: { accuracy, f1: f1() },
        loader: new DataLoader(masked(from, to), { batchSize }),
      };
    };
    const statesOf = ({ model, optimizer, ema }: ReturnType<typeof setUpMasked>) =>
      [model, optimizer, ema].map((part) =>
        [...part.stateDict()].map(([name, value]) => [name, String(value)]),
      );
    let warned: MockInstance<typeof console.warn>;
    beforeEach(() => {
      warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    });
    afterEach(() => {
      warned.mockRestore();
    });

    it("leaves their steps out with a word, as if they were not there", async () => {
      const training = setUpMasked(20, 40);
      const events = await eventsOf(fit({ ...training, epochs: 2, validation: training.loader }));
      expect(events.map(({ event, loss }) => [event, Number.isNaN(loss)])).toEqual([
        ...[["step", false], ["step", true], ["step", false], ["epoch", false]],
        ...[["step", false], ["step", true], ["step", false], ["epoch", false]],
      ]); // prettier-ignore
      expect(warned.mock.calls.map(String)).toEqual([
        expect.stringContaining("fit: all items of step 2 of epoch 1 are ignored by the loss"),
      ]);
      // The same run without these items.
      const rest = {
        length: 40,
        batch: (indices: Int32Array) => data.batch(indices.map((i) => (i < 20 ? i : i + 20))),
      };
      const plain = { ...setUpMasked(0, 0), loader: new DataLoader(rest, { batchSize: 20 }) };
      const expected = await eventsOf(fit({ ...plain, epochs: 2, validation: plain.loader }));
      expect(statesOf(training)).toEqual(statesOf(plain));
      const figures = (all: typeof events) =>
        all.flatMap((each) => (each.event === "epoch" ? [[each.loss, each.metrics, each.validation]] : []));
      expect(figures(events)).toEqual(figures(expected));
    });

    it("adds nothing of them to an accumulated update", async () => {
      for (const [from, to] of [
        [0, 20],
        [20, 40],
        [40, 60],
        [0, 40],
      ]) {
        // prettier-ignore
        const [small, whole] = [setUpMasked(from, to, 10), setUpMasked(from, to, 60)];
        const [{ loss }] = await fit({ ...small, accumulate: 6, epochs: 1 });
        const [expected] = await fit({ ...whole, epochs: 1 });
        expect(loss).toBeCloseTo(expected.loss, 5);
        const [got, wanted] = [small, whole].map(({ model }) =>
          [...model.parameters()].map((p) => p.dataSync()),
        );
        for (const [i, values] of got.entries())
          expect(Math.max(...values.map((value, j) => Math.abs(value - wanted[i][j])))).toBeLessThan(1e-5);
      }
      const none = setUpMasked(0, 40, 10);
      const before = String(none.model.parameters()[0]);
      for await (const event of fit({ ...none, accumulate: 2, epochs: 1 })) {
        if (event.event === "step" && event.step === 2) break;
      }
      expect(String(none.model.parameters()[0])).toBe(before);
      expect(warned).toHaveBeenCalledTimes(1);
    });

    it("goes on after them with the same bits", async () => {
      const whole = setUpMasked(20, 40);
      await fit({ ...whole, epochs: 2 });
      const resumed = setUpMasked(20, 40);
      for await (const event of fit({ ...resumed, epochs: 2 }))
        if (event.event === "step" && event.step === 2) break;
      const [epoch] = await fit({ ...resumed, epochs: 2 });
      expect(epoch.loss).not.toBeNaN();
      expect(statesOf(resumed)).toEqual(statesOf(whole));
    });

    it("fails if there are no others, in the training and in the validation", async () => {
      const training = setUpMasked(0, 60);
      await expect(fit({ ...training, epochs: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(
        `[StargradError: fit: the loss is NaN: all items of epoch 1 are ignored, or their classes have the weight 0. Check the targets, ignoreIndex and the weights of the classes]`,
      );
      const validation = training.loader;
      await expect(fit({ ...setUp(), validation, epochs: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(
        `[StargradError: fit: the loss is NaN: all items of the validation data are ignored, or their classes have the weight 0. Check the targets, ignoreIndex and the weights of the classes]`,
      );
    });
  });

  it("warns if the epochs to start from are all there are", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await fit({ ...setUp(), epochs: 3, startEpoch: 5 })).toEqual([]);
    expect(String(warned.mock.calls[0])).toContain("continues after 5 epochs and `epochs` is 3");
    warned.mockRestore();
  });

  it("learns", async () => {
    const events = await eventsOf(fit({ ...setUp(), metrics: { accuracy }, epochs: 30 }));
    const last = events.at(-1);
    expect(last?.loss).toBeLessThan(0.2);
    expect(last?.metrics.accuracy).toBeGreaterThan(0.95);
  });

  it("yields an event after every step and after every epoch", async () => {
    const events = await eventsOf(fit({ ...setUp(), epochs: 2 }));
    expect(events.map(({ event, epoch }) => `${event} ${epoch}`)).toEqual([
      ...["step 1", "step 1", "step 1", "epoch 1"],
      ...["step 2", "step 2", "step 2", "epoch 2"],
    ]);
    expect(events[1]).toMatchObject({ event: "step", step: 2, steps: 3 });
    expect(events[3]).toMatchObject({ event: "epoch", epochs: 2 });
  });

  it("yields the batch before every step, while the weights are still the old ones", async () => {
    const { loss, ...setup } = setUp();
    let expected = NaN;
    const order: string[] = [];
    for await (const event of fit({ ...setup, loss, epochs: 1 })) {
      order.push(event.event);
      if (event.event === "batch") {
        const { x, y } = event.batch;
        expected = await loss(setup.model.forward(x), y).item();
      } else if (event.event === "step") {
        expect(event.loss).toBe(expected);
      }
    }
    expect(order).toEqual(["batch", "step", "batch", "step", "batch", "step", "epoch"]);
  });

  it("reports for an epoch the means over its items, the last smaller batch counting less", async () => {
    const events = await eventsOf(fit({ ...setUp(), metrics: { accuracy }, epochs: 1 }));
    const [a, b, c, epoch] = events;
    expect(epoch.loss).toBeCloseTo((25 * a.loss + 25 * b.loss + 10 * c.loss) / 60, 12);
    expect(epoch.metrics.accuracy).toBeCloseTo(
      (25 * a.metrics.accuracy + 25 * b.metrics.accuracy + 10 * c.metrics.accuracy) / 60,
      12,
    );
  });

  it("weights a loss with ignored items by those that are not ignored", async () => {
    const { model, optimizer } = setUp({ learningRate: 0 });
    const x = tensor([
      [1, 2],
      [3, 1],
      [0, 4],
    ]);
    const y = tensor([0, -100, 1], { dtype: "int32" });
    const loader = new DataLoader(arrays({ x, y }), { batchSize: 2 });
    const total = await crossEntropy(model.forward(x), y).item();
    const [epoch] = await fit({ model, optimizer, loader, loss: crossEntropy, epochs: 1 });
    expect(epoch.loss).toBeCloseTo(total, 6);
  });

  it("gives bitwise the results of a plain loop", async () => {
    const byHand = setUp();
    for (let epoch = 0; epoch < 2; epoch++) {
      for await (const { x, y } of byHand.loader) {
        backward(crossEntropy(byHand.model.forward(x), y));
        byHand.optimizer.step();
        byHand.optimizer.zeroGrad();
      }
    }
    const fitted = setUp();
    await eventsOf(fit({ ...fitted, metrics: { accuracy }, epochs: 2 }));
    expect(valuesOf(fitted.model.stateDict())).toEqual(valuesOf(byHand.model.stateDict()));
  });

  it("continues after the completed epochs", async () => {
    const events = await eventsOf(fit({ ...setUp(), epochs: 3, startEpoch: 2 }));
    expect(events.map(({ epoch }) => epoch)).toEqual([3, 3, 3, 3]);
    expect(await eventsOf(fit({ ...setUp(), epochs: 3, startEpoch: 3 }))).toEqual([]);
  });

  it("continues at the epoch of a restored loader, and counts from 1 with a loader that was only used", async () => {
    const setup = setUp();
    await eventsOf(fit({ ...setup, epochs: 2 }));
    const epochsOf = async (loader: typeof setup.loader) =>
      (await eventsOf(fit({ ...setup, loader, epochs: 3 }))).flatMap(({ event, epoch }) =>
        event === "epoch" ? epoch : [],
      );
    const restored = setUp().loader;
    restored.restore(setup.loader.state());
    expect(await epochsOf(restored)).toEqual([3]);
    expect(await epochsOf(setup.loader)).toEqual([1, 2, 3]);
  });

  it("takes batches that are promises, as those of an image folder", async () => {
    const batches = { length: data.length, batch: (order: Int32Array) => Promise.resolve(data.batch(order)) };
    const loader = new DataLoader(batches, { batchSize: 25, shuffle: true, seed: 1 });
    const [epoch] = await fit({ ...setUp(), loader, epochs: 1 });
    const [expected] = await fit({ ...setUp(), epochs: 1 });
    expect(epoch.loss).toBe(expected.loss);
    const { model, loader: plain } = setUp();
    expect(await evaluate(model, loader, { accuracy })).toEqual(await evaluate(model, plain, { accuracy }));
  });

  it("names the fields of a batch without x and y", async () => {
    const { model, optimizer, loss } = setUp();
    const batches = arrays({ image: tensor([[0, 1]]), label: Int32Array.of(1) }) as unknown as typeof data;
    const loader = new DataLoader(batches);
    const message =
      "the loader yields a batch of image, label; expected the tensors x and y. Name the fields";
    await expect(eventsOf(fit({ model, optimizer, loss, loader, epochs: 1 }))).rejects.toThrow(
      `fit: ${message}`,
    );
    await expect(evaluate(model, loader, { accuracy })).rejects.toThrow(`evaluate: ${message}`);
  });

  it("reports no negative time if the clock is set back", async () => {
    let now = 2e9;
    vi.spyOn(performance, "now").mockImplementation(() => (now -= 1e6));
    const events = await eventsOf(fit({ ...setUp(), epochs: 1 }));
    vi.restoreAllMocks();
    expect(events.at(-1)).toMatchObject({ event: "epoch", seconds: 0 });
  });

  it("trains in training mode, and stops when the loop is left", async () => {
    const setup = setUp();
    setup.model.eval();
    for await (const { event } of fit({ ...setup, epochs: 5 })) {
      expect(setup.model.training).toBe(true);
      if (event === "step") break;
    }
    expect(setup.loader.state()).toMatchObject({ epoch: 0, position: 1 });
  });

  it("trains to the end when it is awaited, also twice or half-way, and returns the events of the epochs", async () => {
    const training = { ...setUp(), metrics: { accuracy }, epochs: 2 };
    const run = fit(training);
    const history = await run;
    const expected = await eventsOf(fit({ ...setUp(), metrics: { accuracy }, epochs: 2 }));
    const timeless = (events: readonly object[]) => events.map((event) => ({ ...event, seconds: 0 }));
    expect(timeless(history)).toEqual(timeless(expected.filter(({ event }) => event === "epoch")));
    expect(await run).toBe(history);

    const half = fit({ ...setUp(), epochs: 2 });
    for (let i = 0; i < 8; i++) await half.next();
    expect((await half).map(({ epoch }) => epoch)).toEqual([2]);
    const failing = fit({ ...setUp(), loss: () => tensor(1), epochs: 1 });
    await expect(failing).rejects.toThrow("depends on no parameter");
  });

  it.each(["batch", "step", "epoch"] as const)("trains on after model.eval() in %s events", async (name) => {
    const valuesAfter = async (evaluating: boolean) => {
      const { optimizer, loader, loss, model } = setUpDropout();
      for await (const { event } of fit({ model, optimizer, loader, loss, epochs: 2 })) {
        if (event === name && evaluating) model.eval();
      }
      expect(model.modules().every(({ training }) => training)).toBe(true);
      return valuesOf(model.stateDict());
    };
    expect(await valuesAfter(true)).toEqual(await valuesAfter(false));
  });

  it("keeps a layer that was set to evaluation mode in an event", async () => {
    const setup = setUpDropout();
    for await (const { event } of fit({ ...setup, epochs: 1 })) {
      if (event === "batch") setup.model.layers[1].eval();
      if (event === "step") setup.model.eval();
    }
    expect(setup.model.layers.map(({ training }) => training)).toEqual([true, false, true, true]);
  });

  it.each([
    ["evaluate", (model: Layer, loader: DataLoader<Batch>) => evaluate(model, loader, { accuracy })],
    ["predict", (model: Layer) => predict(model, zeros([500, 2]), { batchSize: 1 })],
  ])("refuses a step while %s was not awaited", async (name, look) => {
    const setup = setUp();
    let before: unknown;
    let looking: unknown;
    const training = async () => {
      for await (const { event } of fit({ ...setup, epochs: 1 })) {
        if (event !== "step") continue;
        before = valuesOf(setup.model.stateDict());
        looking = look(setup.model, setup.loader);
      }
    };
    await expect(training()).rejects.toThrow(
      `AdamW.step: ${name} is still using the parameters. A forgotten await?`,
    );
    expect(valuesOf(setup.model.stateDict())).toEqual(before);
    await looking;
    await fit({ ...setup, epochs: 1 });
    expect(setup.model.training).toBe(true);
  });

  it("names what is no loader", () => {
    const { loader: _, ...setup } = setUp();
    const start = (loader: unknown) => () => fit({ ...setup, loader: loader as never, epochs: 1 });
    expect(start(data)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: fit: got a dataset as its loader; expected a DataLoader. Wrap it: new DataLoader(dataset, { batchSize: 32, shuffle: true })]`,
    );
    expect(start([])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: fit: got [] as its loader; expected a DataLoader. Make one with new DataLoader(arrays({ x, y }), { batchSize: 32, shuffle: true })]`,
    );
    expect(start(Promise.resolve(data))).toThrow("fit: got a promise as its loader; expected a DataLoader");
  });

  it("sets the learning rates of a schedule before every step, and counts steps over all epochs", async () => {
    const setup = setUp({ learningRate: 1e-3 });
    const rates: number[] = [];
    for await (const { event } of fit({ ...setup, schedule: (step) => 1 / (step + 1), epochs: 2 })) {
      if (event === "step") rates.push(setup.optimizer.groups[0].learningRate);
    }
    expect(rates).toEqual([1, 2, 3, 4, 5, 6].map((step) => 1e-3 * (1 / step)));
    const wrong = (schedule: unknown) => () => fit({ ...setup, schedule: schedule as never, epochs: 1 });
    expect(wrong(new ReduceOnPlateau(setup.optimizer))).toThrow(
      "fit: got schedule a ReduceOnPlateau; expected a schedule, such as schedules.cosine({ steps: 1000 }), or a Scheduler",
    );
    expect(() => fit({ ...setup, ema: 0.9 as never, epochs: 1 })).toThrow(
      "fit: got ema 0.9; expected an EMA",
    );
    await expect(fit({ ...setup, schedule: [() => 1, () => 1], epochs: 1 })).rejects.toThrow(
      "Scheduler: got 2 schedules for 1 groups",
    );
  });

  it("stops before a loss that is not a number reaches the weights", async () => {
    const { model, loss } = setUp();
    const before = valuesOf(model.stateDict());
    const broken = arrays({ x: tensor([[0, NaN]]), y: Int32Array.of(1) });
    const training = fit({
      model,
      loss,
      optimizer: new SGD(model.parameters()),
      loader: new DataLoader(broken),
      epochs: 1,
    });
    await expect(eventsOf(training)).rejects.toThrow("fit: the loss is NaN in epoch 1, step 1");
    expect(valuesOf(model.stateDict())).toEqual(before);
  });

  it.each([
    [
      "after the last epoch",
      1,
      "weights are not finite after epoch 1, although the losses of all steps were",
    ],
    ["at the next step", 2, "weights are not finite before the step in epoch 2, step 1"],
  ])("says that gradients were not finite although the loss was, %s", async (_, epochs, message) => {
    const { model, optimizer } = setUp();
    // The gradient of a square root at 0 is infinite, and 0 · ∞ is NaN.
    const loss = (output: Tensor, y: Tensor) =>
      crossEntropy(output, y).add(output.sub(output).abs().sqrt().sum());
    const loader = new DataLoader(data, { batchSize: 60 });
    const seen: string[] = [];
    const train = async () => {
      for await (const { event } of fit({ model, optimizer, loader, loss, epochs })) seen.push(event);
    };
    await expect(train()).rejects.toThrow(message);
    expect(seen.filter((event) => event === "epoch")).toHaveLength(epochs - 1);
  });

  it("throws if there are no batches", async () => {
    const { model, optimizer, loss } = setUp();
    const loader = new DataLoader(data, { batchSize: 100, dropLast: true });
    await expect(eventsOf(fit({ model, optimizer, loss, loader, epochs: 1 }))).rejects.toThrow(
      "fit: the loader has no batches",
    );
  });
});

describe("what fit computes", () => {
  const engine = getEngine();
  afterEach(() => {
    setEngine(engine);
  });

  /** Counts how often an engine computes each primitive. */
  function counting(counts: Map<string, number>): Engine {
    return {
      name: "counting",
      capabilities: engine.capabilities,
      prepare(outputs) {
        for (const { operation } of pendingNodes(outputs)) {
          const name = operation?.primitive ?? "";
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        return engine.prepare(outputs);
      },
    };
  }

  it("is one forward and one backward pass, recorded once for each size of a batch, however much is reported", async () => {
    const counts = new Map<string, number>();
    setEngine(counting(counts));
    const training = fit({ ...setUp(), metrics: { accuracy, again: accuracy }, epochs: 3 });
    await eventsOf(training);
    // Two layers forwards, two backwards to the weights, and one backwards to the hidden layer.
    expect(counts.get("matmul")).toBe(2 * 5);
  });
});

function valuesOf(state: ReadonlyMap<string, Tensor>): Map<string, unknown> {
  return new Map([...state].map(([name, value]) => [name, value.toArraySync()]));
}
