import { DataLoader, moons } from "@stargrad/datasets";
import { BatchNorm1d, crossEntropy, Dropout, Linear, ReLU, Sequential, type Module } from "@stargrad/nn";
import { AdamW, EMA } from "@stargrad/optim";
import { defaultGenerator, manualSeed, tensor } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { decodeCheckpoint, encodeCheckpoint, restoreCheckpoint } from "./checkpoint.js";
import { accuracy } from "./classification.js";
import type { EarlyStopping } from "./early-stopping.js";
import { evaluate } from "./evaluate.js";
import { fit, type FitEvent } from "./fit.js";

const data = moons({ samples: 40, noise: 0.4, seed: 1 });
const held = moons({ samples: 30, noise: 0.4, seed: 2 });

/** A training whose validation loss soon rises. */
function setUp(earlyStopping: EarlyStopping = { patience: 3 }, { averaged = false } = {}) {
  manualSeed(1);
  const model = new Sequential(
    new Linear(2, 32),
    new BatchNorm1d(32),
    new ReLU(),
    new Dropout(0.1),
    new Linear(32, 2),
  );
  return {
    model,
    optimizer: new AdamW(model.parameters(), { learningRate: 0.02 }),
    loader: new DataLoader(data, { batchSize: 15, shuffle: true, seed: 1 }),
    validation: new DataLoader(held, { batchSize: 8 }),
    loss: crossEntropy,
    metrics: { accuracy },
    epochs: 60,
    earlyStopping,
    ...(averaged && {
      ema: new EMA([...model.parameters(), ...model.namedBuffers().values()], { decay: 0.3 }),
    }),
  };
}

type SetUp = ReturnType<typeof setUp>;

const valuesOf = (model: Module) => [...model.stateDict()].map(([name, value]) => [name, value.dataSync()]);

const telling = (event: FitEvent<"accuracy">): string =>
  event.event === "batch" ? "" : JSON.stringify({ ...event, seconds: 0 });

async function train(
  setup: SetUp,
  stop: (event: FitEvent<"accuracy">) => boolean = () => false,
): Promise<string[]> {
  const told: string[] = [];
  for await (const event of fit(setup)) {
    if (event.event !== "batch") told.push(telling(event));
    if (stop(event)) break;
  }
  return told;
}

describe("earlyStopping of fit", () => {
  it.each([false, true])(
    "ends after epochs without improvement, with the best weights (averaged: %s)",
    async (averaged) => {
      const setup = setUp({ patience: 3 }, { averaged });
      const losses: number[] = [];
      let best: { readonly loss: number; readonly values: unknown } | null = null;
      for await (const event of fit(setup)) {
        if (event.event !== "epoch") continue;
        const loss = event.validation?.loss ?? NaN;
        losses.push(loss);
        expect(event.isBest).toBe(losses.every((each, i) => i === losses.length - 1 || each > loss));
        if (event.isBest !== true) continue;
        const values = () => valuesOf(setup.model);
        best = { loss, values: averaged ? await setup.ema?.withAverages(values) : values() };
      }
      expect(losses.length).toBeLessThan(60);
      expect(losses.length).toBeGreaterThan(4);
      expect(losses.indexOf(Math.min(...losses))).toBe(losses.length - 4);
      expect(valuesOf(setup.model)).toEqual(best?.values);
      const figures = await evaluate(setup.model, setup.validation, { loss: crossEntropy });
      expect(figures.loss).toBe(best?.loss);
    },
  );

  it("keeps the last weights without restoreBest, and the best ones when the epochs end first", async () => {
    const kept = setUp({ patience: 3, restoreBest: false });
    const last: unknown[] = [];
    for await (const event of fit(kept)) if (event.event === "epoch") last.push(valuesOf(kept.model));
    expect(valuesOf(kept.model)).toEqual(last.at(-1));
    const restored = setUp();
    await fit({ ...restored, epochs: last.length - 1 });
    expect(valuesOf(restored.model)).toEqual(last.at(-4));
  });

  it("decides by a metric, by a least difference, and by the training data", async () => {
    const byAccuracy = await fit(setUp({ patience: 2, of: "accuracy", mode: "max" }));
    const values = byAccuracy.map(({ validation }) => validation?.metrics.accuracy ?? NaN);
    expect(values.indexOf(Math.max(...values))).toBe(values.length - 3);
    expect(await fit(setUp({ patience: 2, minDelta: 100 }))).toHaveLength(3);
    const { validation: _, ...without } = setUp({ patience: 1 });
    const losses = (await fit(without)).map(({ loss }) => loss);
    expect(losses.at(-1)).toBeGreaterThanOrEqual(losses.at(-2) ?? NaN);
  });

  it.each(sampled(["step", "batch", "epoch"] as const, 3))(
    "is resumed from a checkpoint of any %s, to the bit",
    async (name) => {
      const whole = setUp({ patience: 3 }, { averaged: true });
      const told = await train(whole);
      const epochs = told.length / 4;
      for (const epoch of [1, epochs - 2, epochs]) {
        const [first, second] = [
          setUp({ patience: 3 }, { averaged: true }),
          setUp({ patience: 3 }, { averaged: true }),
        ];
        manualSeed(1);
        setUp();
        const before = await train(first, (event) => event.event === name && event.epoch === epoch);
        const bytes = await encodeCheckpoint(first);
        manualSeed(99);
        restoreCheckpoint(await decodeCheckpoint(bytes), second);
        expect([...before, ...(await train(second))]).toEqual(told);
        expect(valuesOf(second.model)).toEqual(valuesOf(whole.model));
      }
    },
  );

  it("goes on when the loop was left, and forgets the last run in a new one", async () => {
    const whole = setUp();
    const told = await train(whole);
    const generator = defaultGenerator().state();
    const setup = setUp();
    const before = await train(setup, ({ event, epoch }) => event === "epoch" && epoch === 2);
    expect([...before, ...(await train({ ...setup, earlyStopping: { patience: 3 } }))]).toEqual(told);
    expect(defaultGenerator().state()).toEqual(generator);
    expect((await fit(setup)).length).toBeGreaterThanOrEqual(4);
  });

  it("refuses wrong options, and metrics that are not there", () => {
    const start = (earlyStopping: unknown) => () =>
      fit({ ...setUp(), earlyStopping: earlyStopping as EarlyStopping });
    expect(start(3)).toThrow("fit: got earlyStopping 3; expected options, such as { patience: 5 }");
    expect(start({})).toThrow("patience");
    expect(start({ patience: 0 })).toThrow("got patience 0");
    expect(start({ patience: 1, minDelta: -1 })).toThrow("got minDelta -1");
    expect(start({ patience: 1, of: "f1" })).toThrow(
      'got of "f1"; expected "loss" or the name of a metric: accuracy',
    );
    expect(start({ patience: 1, of: "accuracy" })).toThrow("expected mode for the metric accuracy");
  });
});

describe("signal of fit", () => {
  it.each(sampled(["step", "batch", "epoch"] as const, 3))(
    "ends the run at a %s event, and fit goes on from there",
    async (name) => {
      const whole = setUp();
      const told = await train(whole);
      const [setup, other] = [setUp(), setUp()];
      const controller = new AbortController();
      manualSeed(1);
      setUp();
      const before: string[] = [];
      for await (const event of fit({ ...setup, signal: controller.signal })) {
        if (event.event !== "batch") before.push(telling(event));
        if (event.event === name && event.epoch === 2) controller.abort();
      }
      expect(before.length).toBeLessThan(told.length);
      const bytes = await encodeCheckpoint(setup);
      expect([...before, ...(await train(setup))]).toEqual(told);
      restoreCheckpoint(await decodeCheckpoint(bytes), other);
      expect([...before, ...(await train(other))]).toEqual(told);
      expect(valuesOf(other.model)).toEqual(valuesOf(whole.model));
    },
  );

  it("takes no step if it was aborted before, or while a batch was awaited", async () => {
    const controller = new AbortController();
    const late = {
      length: 2,
      batch: () => {
        controller.abort();
        return Promise.resolve({ x: tensor([[1, 2]]), y: tensor([1], { dtype: "int32" }) });
      },
    };
    const { earlyStopping: _, validation: __, ...setup } = setUp();
    const before = valuesOf(setup.model);
    const loader = new DataLoader(late);
    for (let run = 0; run < 2; run++) {
      expect(await fit({ ...setup, loader, signal: controller.signal })).toEqual([]);
      expect(valuesOf(setup.model)).toEqual(before);
    }
    expect(() => fit({ ...setup, signal: true as never })).toThrow(
      "fit: got signal true; expected an AbortSignal",
    );
  });
});
