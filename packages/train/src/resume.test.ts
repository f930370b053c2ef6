import { DataLoader, moons } from "@stargrad/datasets";
import { crossEntropy, Dropout, Linear, ReLU, Sequential } from "@stargrad/nn";
import { AdamW, EMA, ReduceOnPlateau, Scheduler, schedules } from "@stargrad/optim";
import { defaultGenerator, manualSeed, type Tensor } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it, vi } from "vitest";

import { loadCheckpoint, restoreCheckpoint, saveCheckpoint } from "./checkpoint.js";
import { fit, type EpochEvent, type FitEvent } from "./fit.js";
import { accuracy } from "./classification.js";
import { temporaryCheckpoint } from "./testing/checkpoints.js";

const checkpoint = temporaryCheckpoint();
const data = moons({ samples: 40, noise: 0.1, seed: 1 });
const schedule = schedules.cosine({ steps: 9 });

/** A training of three epochs of three steps, with all parts that have a state. */
function setUp({ withScheduler = false } = {}) {
  manualSeed(1);
  const model = new Sequential(new Linear(2, 8), new ReLU(), new Dropout(0.2), new Linear(8, 2));
  const optimizer = new AdamW(model.parameters(), { learningRate: 0.05 });
  return {
    model,
    optimizer,
    loader: new DataLoader(data, { batchSize: 15, shuffle: true, seed: 1 }),
    loss: crossEntropy,
    metrics: { accuracy },
    epochs: 3,
    schedule: withScheduler ? new Scheduler(optimizer, schedule) : schedule,
    ema: new EMA(model.parameters(), { decay: 0.9 }),
    states: { plateau: new ReduceOnPlateau({ groups: [] }) },
  };
}

type SetUp = ReturnType<typeof setUp>;
type Event = FitEvent<"accuracy">;

/** Trains until an event for which `stop` is true. Returns what the events tell. */
async function train(setup: SetUp, stop: (event: Event) => boolean = () => false): Promise<string[]> {
  const told: string[] = [];
  for await (const event of fit(setup)) {
    if (event.event === "epoch") setup.states.plateau.step(event.loss);
    if (stop(event)) break;
    if (event.event !== "batch") told.push(telling(event));
  }
  return told;
}

function telling(event: Exclude<Event, { readonly event: "batch" }>): string {
  const step = event.event === "step" ? event.step : "";
  return `${event.event} ${event.epoch} ${step} ${event.loss} ${event.metrics.accuracy}`;
}

function valuesOf(state: ReadonlyMap<string, Tensor>): Map<string, unknown> {
  return new Map([...state].map(([name, value]) => [name, value.dataSync()]));
}

/** The steps and epochs of a run. */
async function eventsOf(setup: Parameters<typeof fit>[0]): Promise<string[]> {
  const events: string[] = [];
  for await (const event of fit(setup)) {
    if (event.event === "step") events.push(`step ${event.epoch} ${event.step}`);
    if (event.event === "epoch") events.push(`epoch ${event.epoch}`);
  }
  return events;
}

/** All that a training consists of. */
function contentOf({ model, optimizer, loader, ema, states }: SetUp): unknown {
  const parts = { model, optimizer, ema, plateau: states.plateau };
  return [
    Object.values(parts).map((part) => valuesOf(part.stateDict())),
    loader.state(),
    defaultGenerator().state(),
  ];
}

/** Whether an event is of a step, counted over all epochs. */
const isStep = (count: number, name: Event["event"] = "step") => {
  return (event: Event) =>
    event.event === name && (event.epoch - 1) * 3 + ("step" in event ? event.step : 3) === count;
};

const whole = await (async () => {
  const setup = setUp();
  return { told: await train(setup), content: contentOf(setup) };
})();

describe("a run that is saved, and resumed by another process", () => {
  it.each([
    ["step", 1],
    ["step", 2],
    ["step", 3],
    ["step", 6],
    ["step", 8],
    ["step", 9],
    ["batch", 1],
    ["batch", 5],
    ["epoch", 3],
    ["epoch", 6],
  ] as const)("is the undisturbed run to the bit: at %s %i", async (name, count) => {
    const { path } = checkpoint;
    for (const withScheduler of sampled([count % 2 === 0, count % 2 === 1], 2)) {
      const first = setUp({ withScheduler });
      let saved = false;
      const before = [];
      for await (const event of fit(first)) {
        if (event.event !== "batch") before.push(telling(event));
        if (event.event === "epoch") first.states.plateau.step(event.loss);
        if (!isStep(count, name)(event)) continue;
        await saveCheckpoint(path, first);
        saved = true;
        break;
      }
      expect(saved).toBe(true);

      const second = setUp({ withScheduler });
      manualSeed(99);
      restoreCheckpoint(await loadCheckpoint(path), second);
      const after = await train(second);
      expect([...before, ...after]).toEqual(whole.told);
      expect(contentOf(second)).toEqual(whole.content);
    }
  });

  it("may look at the first batch, and restore between fit and the first event", async () => {
    const { path } = checkpoint;
    const first = setUp();
    await train(first, isStep(5));
    await saveCheckpoint(path, first);

    const second = setUp();
    const run = fit(second);
    restoreCheckpoint(await loadCheckpoint(path), second);
    for (let look = 0; look < 2; look++) {
      for await (const { x } of second.loader) if (x.size > 0) break;
    }
    const history = await run;
    expect(history.map(({ epoch }) => epoch)).toEqual([2, 3]);
    expect(valuesOf(second.model.stateDict())).toEqual((whole.content as [Map<string, unknown>[]])[0][0]);
  });

  it("has no epoch event of NaN after a loop of one's own that was saved at the end of an epoch", async () => {
    const setup = setUp();
    const { length } = setup.loader;
    setup.loader.restore({ ...setup.loader.state(), epoch: 1, position: length });
    const history = await fit(setup);
    expect(history.map(({ epoch, loss }) => [epoch, Number.isFinite(loss)])).toEqual([[3, true]]);
  });

  it("is not restored with its loader inside of its own loop, which would go on where it was", async () => {
    const { path } = checkpoint;
    const { schedule: _, ...setup } = setUp();
    for await (const event of fit(setup)) if (isStep(4)(event)) break;
    await saveCheckpoint(path, setup);
    const saved = await loadCheckpoint(path);
    const { loader, ...parts } = setup;
    await saveCheckpoint(path, parts);
    const weights = await loadCheckpoint(path);
    for (const name of ["batch", "step", "epoch"]) {
      const events: string[] = [];
      for await (const { event } of fit({ ...parts, loader, startEpoch: 0 })) {
        events.push(event);
        if (event !== name || events.length > 9) continue;
        const content = valuesOf(setup.model.stateDict());
        expect(() => {
          restoreCheckpoint(saved, setup);
        }).toThrow(
          "restoreCheckpoint: another run that has not ended trains this Sequential. Leave the loop",
        );
        expect(valuesOf(setup.model.stateDict())).toEqual(content);
        // Without the loader, the run goes on from the restored weights.
        restoreCheckpoint(weights, parts);
      }
      expect(events).toHaveLength(3 * 7);
    }
  });

  it("requires the same parts, and leaves all of them if one does not fit", async () => {
    const { path } = checkpoint;
    const setup = setUp();
    await train(setup);
    await saveCheckpoint(path, setup);
    const loaded = await loadCheckpoint(path);
    const { ema: _, ...without } = setUp();
    expect(() => {
      restoreCheckpoint(loaded, without);
    }).toThrow(
      "the checkpoint contains model, optimizer, loader, ema, plateau, generator default; the training has " +
        "model, optimizer, loader, plateau, generator default",
    );
    const other = { ...setUp(), ema: new EMA(new Linear(3, 3).parameters()) };
    const before = contentOf(other);
    expect(() => {
      restoreCheckpoint(loaded, other);
    }).toThrow("the state does not fit EMA");
    expect(contentOf(other)).toEqual(before);
    await expect(saveCheckpoint(path, { ...setup, states: { ema: setup.states.plateau } })).rejects.toThrow(
      "got a state named ema. Choose another name, without dots",
    );
    await expect(saveCheckpoint(path, { ...setup, states: { a: 1 as never } })).rejects.toThrow(
      "expected objects with stateDict and loadStateDict, by name",
    );
  });
});

describe("a run whose loop is left, and fit called again", () => {
  it.each([
    ["step", 1],
    ["step", 4],
    ["step", 6],
    ["batch", 2],
    ["batch", 4],
    ["epoch", 3],
  ] as const)("continues where it was: at %s %i", async (name, count) => {
    const setup = setUp();
    let last = "";
    const told = await train(setup, (event) => {
      if (!isStep(count, name)(event)) return false;
      last = event.event === "batch" ? "" : telling(event);
      return true;
    });
    // What others do with the loader meanwhile does not matter.
    for (const batch of setup.loader) if (batch.x.size > 0) break;
    told.push(...(last === "" ? [] : [last]), ...(await train(setup)));
    expect(told).toEqual(whole.told);
    expect(contentOf(setup)).toEqual(whole.content);
  });

  it("repeats no step if it was left at the first step after a restore or another stop", async () => {
    const undisturbed = setUp();
    const expected = [...(await train(undisturbed)), contentOf(undisturbed)];
    const setup = setUp();
    const told: unknown[] = [];
    const stepOnce = async () => {
      for await (const event of fit(setup)) {
        if (event.event === "batch") continue;
        told.push(telling(event));
        if (event.event === "epoch") setup.states.plateau.step(event.loss);
        else break;
      }
    };
    for (let step = 0; step < 9; step++) await stepOnce();
    told.push(...(await train(setup)), contentOf(setup));
    expect(told).toEqual(expected);
  });

  it("is resumed at the right epoch if the loader served other runs before", async () => {
    const { path } = checkpoint;
    const setup = setUp();
    await fit(setup);
    await train(setup, isStep(4));
    await saveCheckpoint(path, setup);
    expect((await loadCheckpoint(path)).loader?.epoch).toBe(4);
    const resumed = setUp();
    restoreCheckpoint(await loadCheckpoint(path), resumed);
    expect((await fit(resumed)).map(({ epoch }) => epoch)).toEqual([2, 3]);
    await saveCheckpoint(path, resumed);
    restoreCheckpoint(await loadCheckpoint(path), setup);
    expect(await fit(setup)).toEqual([]);
  });

  it("is one of several models that an optimizer trains, each with its own position", async () => {
    const epochsOf = (history: readonly EpochEvent<"accuracy">[]) => history.map(({ epoch }) => epoch);
    for (const sharesLoader of [true, false]) {
      const [one, other] = [setUp(), setUp()];
      const both = [...one.model.parameters(), ...other.model.parameters()];
      const optimizer = new AdamW(both, { learningRate: 0.05 });
      const [first, second] = [one, other].map(({ schedule: _, ...setup }) => ({ ...setup, optimizer }));
      if (sharesLoader) second.loader = first.loader;
      for await (const event of fit(first)) if (isStep(4)(event)) break;
      expect(epochsOf(await fit(second))).toEqual([1, 2, 3]);
      const rest = await eventsOf(first);
      expect(rest[0]).toBe("step 2 2");
      expect(rest).toHaveLength(2 + 1 + 3 + 1);
    }
  });

  it("starts anew with startEpoch 0, with another optimizer, and after a whole run", async () => {
    const epochsOf = (history: readonly EpochEvent<"accuracy">[]) => history.map(({ epoch }) => epoch);
    const setup = setUp();
    await train(setup, isStep(4));
    expect(epochsOf(await fit({ ...setup, startEpoch: 0 }))).toEqual([1, 2, 3]);
    expect(epochsOf(await fit(setup))).toEqual([1, 2, 3]);
    await train(setup, isStep(4));
    const other = { ...setUp(), loader: setup.loader };
    expect(epochsOf(await fit(other))).toEqual([1, 2, 3]);
    expect(epochsOf(await fit(setup))).toEqual([2, 3]);
  });

  it("warns once if the schedule undoes a change of the learning rate", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const setup = setUp();
    await train(setup, () => {
      setup.optimizer.groups[0].learningRate = 0.5;
      return false;
    });
    expect(warn.mock.calls.map(([text]) => String(text).slice(0, 48))).toEqual([
      "fit: the learning rate was changed to 0.5, but `",
    ]);
    warn.mockRestore();
  });

  it("warns if nothing is left", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const setup = setUp();
    await train(setup, ({ event, epoch }) => event === "epoch" && epoch === 2);
    expect(await fit({ ...setup, epochs: 2 })).toEqual([]);
    expect(warn.mock.calls[0]).toEqual([
      "fit: the run continues after 2 epochs and `epochs` is 2, so nothing is left to train. Ask for more epochs in total, or pass startEpoch: 0 to start anew.",
    ]);
    warn.mockRestore();
  });
});
