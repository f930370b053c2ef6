import { assignAll, backward, rematerialize } from "@stargrad/autograd";
import {
  fromData,
  Generator,
  getEngine,
  normal,
  referenceEngine,
  setEngine,
  take,
  tensor,
  type Tensor,
} from "@stargrad/tensor";
import { sampled, sized } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readGolden, type Golden } from "../../scripts/golden-cases.js";
import {
  BatchNorm1d,
  crossEntropy,
  InstanceNorm2d,
  Linear,
  Module,
  Sequential,
  summary,
  Tanh,
} from "../index.js";

interface Scenario {
  readonly kind: "batch" | "instance";
  readonly name: string;
  readonly state: Readonly<Record<string, Golden>>;
  readonly batches: readonly Golden[];
  readonly acts: readonly (readonly [act: string, batch?: number])[];
  readonly outputs: readonly Golden[];
  readonly stateAfter: Readonly<Record<string, Golden>>;
}

const engine = getEngine();
let programs = 0;

/** Counts the programs that are computed. */
beforeEach(() => {
  programs = 0;
  setEngine({
    name: "counting",
    capabilities: engine.capabilities,
    prepare(outputs) {
      programs++;
      return engine.prepare(outputs);
    },
  });
});

afterEach(() => {
  setEngine(engine);
});

function modelOf({ kind, state }: Scenario): Sequential {
  const float64 = { dtype: "float64" } as const;
  const model: Sequential =
    kind === "batch"
      ? new Sequential(
          new Linear(3, 4, float64),
          new BatchNorm1d(4, float64),
          new Tanh(),
          new Linear(4, 2, float64),
          new BatchNorm1d(2, { momentum: null, ...float64 }),
        )
      : new Sequential(
          new InstanceNorm2d(2, { affine: true, trackRunningStats: true, momentum: 0.3, ...float64 }),
          new Tanh(),
          new InstanceNorm2d(2, { trackRunningStats: true, ...float64 }),
        );
  model.loadStateDict(new Map(Object.entries(state).map(([name, value]) => [name, tensorOf(value)])));
  return model;
}

function tensorOf({ shape, data, dtype }: Golden): Tensor {
  return tensor(data as number[], { shape, dtype: dtype ?? "float64" });
}

/** Does what a scenario says; `between` is called after each act. */
function play(scenario: Scenario, model: Sequential, between: () => void): Tensor[] {
  const batches = scenario.batches.map(tensorOf);
  const outputs: Tensor[] = [];
  let loss = tensor(0);
  let saved = model.stateDict();
  for (const [act, batch = 0] of scenario.acts) {
    const x = batches[batch];
    if (act === "forward") loss = model.forward(x).sigmoid().square().mean();
    else if (act === "backward") backward(loss);
    else if (act === "step") {
      const learning = model.parameters().filter(({ grad }) => grad !== null);
      assignAll(learning.map((parameter) => [parameter, parameter.detach().sub(parameter.grad!)]));
      for (const parameter of learning) parameter.grad = null;
    } else if (act === "evaluate") {
      outputs.push(model.eval().forward(x));
      model.train();
    } else if (act === "freeze") model.freeze();
    else if (act === "unfreeze") model.unfreeze();
    else if (act === "save") saved = model.stateDict();
    else if (act === "load") model.loadStateDict(saved);
    else if (act === "read") for (const output of outputs) output.dataSync();
    else if (act === "fail") {
      const y = model.forward(x);
      // Computed, so that it is the program that fails, and not the call.
      const wrong = tensor(
        Array.from({ length: y.shape[0] }, () => 98),
        { dtype: "int32" },
      ).add(1);
      expect(() => crossEntropy(y.reshape([y.shape[0], -1]), wrong).itemSync()).toThrow("got the index 99");
    } else throw new Error(`there is no act ${act}`);
    between();
  }
  return outputs;
}

function expectClose(got: Tensor, expected: Golden, what: string): void {
  expect(got.shape).toEqual(expected.shape);
  for (const [i, value] of got.dataSync().entries()) {
    expect(value, `${what}, element ${i}`).toBeCloseTo(expected.data[i] ?? NaN, 10);
  }
}

describe.each(["lazily", "with everything read in between"])(
  "running statistics, %s, are PyTorch's",
  (how) => {
    const scenarios = readGolden("running-statistics.json") as Scenario[];
    it.each(how === "lazily" ? scenarios : sampled(scenarios, 3))("$kind norm, $name", (scenario) => {
      const model = modelOf(scenario);
      const outputs = play(scenario, model, () => {
        if (how !== "lazily") for (const value of model.stateDict().values()) value.dataSync();
      });
      for (const [i, output] of outputs.entries()) expectClose(output, scenario.outputs[i], `output ${i}`);
      const state = model.stateDict();
      for (const [name, expected] of Object.entries(scenario.stateAfter)) {
        expectClose(state.get(name)!, expected, name);
      }
    });
  },
);

/** Several norms, and what a program needs to fail: an index. */
function deepModel(norms: number): Sequential {
  const generator = new Generator(1);
  return new Sequential(
    ...Array.from({ length: norms }, () => [new Linear(3, 3, { generator }), new BatchNorm1d(3)]).flat(),
  );
}

function statisticsOf(model: Module): number[][] {
  return [...model.namedBuffers().values()].map((buffer) => Array.from(buffer.dataSync()));
}

describe("a layer that keeps statistics", () => {
  const x = normal([6, 3], { generator: new Generator(2) });

  it("computes nothing in forward, and a training step is one program", () => {
    const model = deepModel(5);
    for (let step = 0; step < 3; step++) {
      programs = 0;
      const loss = model.forward(x).square().mean();
      backward(loss);
      expect(programs).toBe(0);
      assignAll(model.parameters().map((parameter) => [parameter, parameter.sub(parameter.grad!)]));
      for (const parameter of model.parameters()) parameter.grad = null;
      expect(programs).toBe(1);
      loss.itemSync();
      statisticsOf(model);
      expect(programs).toBe(1);
    }
  });

  it("has its statistics computed with the loss, or by who reads one of them", () => {
    const model = deepModel(2);
    programs = 0;
    model.forward(x).sum().itemSync();
    statisticsOf(model);
    expect(programs).toBe(1);
    model.forward(x);
    const last = [...model.namedBuffers().values()].at(-1)!;
    programs = 0;
    expect(last.itemSync()).toBe(2);
    statisticsOf(model);
    expect(programs).toBe(1);
  });

  it("holds little, however many passes are dropped", () => {
    const [model, read] = [deepModel(2), deepModel(2)];
    setEngine(referenceEngine);
    const held: number[] = [];
    for (let pass = 0; pass < sized({ short: 50, long: 200 }); pass++) {
      model.forward(x);
      read.forward(x).dataSync();
      held.push(Math.max(...[...model.namedBuffers().values()].map(({ awaits }) => awaits)));
    }
    expect(Math.max(...held)).toBeLessThanOrEqual(16);
    expect(statisticsOf(model)).toEqual(statisticsOf(read));
  });

  it("is not changed by a pass that fails before it, and goes on after that", () => {
    class Embeds extends Module {
      readonly first = new BatchNorm1d(3);
      readonly second = new BatchNorm1d(3);
      forward(index: Tensor): Tensor {
        return this.second.forward(take(this.first.forward(x), index));
      }
    }
    const [model, expected] = [new Embeds(), new Embeds()];
    const index = (...rows: number[]) => fromData(Int32Array.from(rows), [3]).add(0);
    for (const each of [model, expected]) each.forward(index(0, 1, 2)).dataSync();
    // As in PyTorch: the first has seen its input, the second never saw one.
    expected.first.forward(x).dataSync();
    model.forward(index(0, 1, 7));
    for (const each of [model, expected]) expect(each.forward(index(3, 4, 5)).dataSync()).toHaveLength(9);
    expect(statisticsOf(model)).toEqual(statisticsOf(expected));

    expected.first.forward(x).dataSync();
    expect(() => model.forward(index(0, 1, 8)).dataSync()).toThrow("got the index 8");
    expect(statisticsOf(model)).toEqual(statisticsOf(expected));
  });

  it("is changed once by a rematerialized pass, and not by looking at the model", () => {
    const [model, expected] = [deepModel(2), deepModel(2)];
    const again = rematerialize((input: Tensor) => model.forward(input));
    for (const [each, y] of [
      [model, again(x)],
      [expected, expected.forward(x)],
    ] as const) {
      backward(y.square().sum());
      assignAll(each.parameters().map((parameter) => [parameter, parameter.sub(parameter.grad!)]));
    }
    summary(model, [6, 3]);
    expect(statisticsOf(model)).toEqual(statisticsOf(expected));
  });
});
