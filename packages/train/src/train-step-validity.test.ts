import { backward, Parameter } from "@stargrad/autograd";
import { BatchNorm1d, Dropout, Linear, Module, ModuleList, mseLoss, Sequential, Tanh } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import {
  Generator,
  getEngine,
  normal,
  referenceEngine,
  setEngine,
  Tensor,
  tensor,
  zeros,
} from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { trainStep } from "./train-step.js";

// A recording is reused only while everything that it depends on is unchanged.

const engine = getEngine();

/** How many programs were made ready: one for each recording. */
let programs = 0;

beforeEach(() => {
  programs = 0;
  setEngine({
    name: "counting",
    capabilities: engine.capabilities,
    prepare(outputs) {
      programs++;
      return referenceEngine.prepare(outputs);
    },
  });
});

afterEach(() => {
  setEngine(engine);
});

const linear = (inputs: number, outputs: number, seed = 1) =>
  new Linear(inputs, outputs, { generator: new Generator(seed) });

/** A model of all that may change. */
class Model extends Module {
  body = new Sequential(linear(3, 4), new BatchNorm1d(4), new Tanh());
  list = new ModuleList([linear(4, 4)]);
  dropout = new Dropout(0.2, { generator: new Generator(2) });
  head = linear(4, 2);
  scale = 1;
  residual = true;
  readonly steps = [1, 2];

  forward(x: Tensor): Tensor {
    let y = this.body.forward(x);
    for (const layer of this.list) y = this.residual ? y.add(layer.forward(y)) : layer.forward(y);
    for (const step of this.steps) y = y.mul(step);
    return this.head.forward(this.dropout.forward(y)).mul(this.scale);
  }
}

/** A model, another beside it, and an optimizer for the first. */
function setting() {
  const model = new Model();
  const judge = new Sequential(linear(2, 2, 3), new BatchNorm1d(2), linear(2, 1, 4));
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const lossOf = (x: Tensor) => {
    const y = model.forward(x);
    return mseLoss(y, zeros(y.shape)).add(judge.forward(y).square().mean());
  };
  return { model, judge, optimizer, lossOf };
}

type Setting = ReturnType<typeof setting>;

const changes: Readonly<Record<string, (setting: Setting) => void>> = {
  "a layer replaced": ({ model }) => void (model.head = linear(4, 2, 9)),
  "a layer of a Sequential replaced": ({ model }) => {
    (model.body.layers as Module[])[0] = linear(3, 4, 9);
  },
  "a layer added to a list": ({ model }) => void model.list.append(linear(4, 4, 9)),
  "dropout's probability": ({ model }) => void Object.assign(model.dropout, { probability: 0.7 }),
  "a number": ({ model }) => void (model.scale = 2),
  "a choice": ({ model }) => void (model.residual = false),
  "an element of a list of numbers": ({ model }) => void (model.steps[1] = 5),
  "eval of all": ({ model }) => void model.eval(),
  "eval of one layer": ({ model }) => void model.dropout.eval(),
  "eval of a module beside the model": ({ judge }) => void judge.eval(),
  "a layer frozen": ({ model }) => void model.body.freeze(),
  "another module frozen": ({ judge }) => void judge.freeze(),
  "weight decay": ({ optimizer }) => void (optimizer.groups[0].weightDecay = 0.1),
  "a momentum": ({ optimizer }) => void (optimizer.groups[0].momentum = 0.9),
};

describe("the dependencies of a recording", () => {
  it.each(Object.entries(changes))("may change: %s", (_, change) => {
    const [plain, recorded] = [setting(), setting()];
    const { model, optimizer, lossOf } = recorded;
    const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: lossOf(x) }) });
    const prepared: number[] = [];
    for (let i = 0; i < 6; i++) {
      if (i === 3) for (const each of [plain, recorded]) change(each);
      const x = normal([5, 3], { generator: new Generator(i) });
      const loss = plain.lossOf(x);
      backward(loss);
      plain.optimizer.step();
      for (const parameter of [...plain.model.parameters(), ...plain.judge.parameters()])
        parameter.grad = null;
      const expected = loss.itemSync();
      x.dataSync();

      programs = 0;
      expect(step({ x }).loss.itemSync()).toBe(expected);
      prepared.push(programs);
      for (const [name, value] of plain.model.stateDict()) {
        expect(recorded.model.stateDict().get(name)!.dataSync(), name).toEqual(value.dataSync());
      }
    }
    expect(prepared).toEqual([1, 0, 0, 1, 0, 0]);
  });

  it("are found again when they have the previous values", () => {
    const { model, judge, optimizer, lossOf } = setting();
    const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: lossOf(x) }) });
    const x = tensor([
      [1, 2, 3],
      [3, 1, 2],
    ]);
    const take = (prepare: () => void): number => {
      prepare();
      programs = 0;
      step({ x });
      return programs;
    };
    const acts = [
      () => judge.train(),
      () => judge.eval(),
      () => model.dropout.eval(),
      () => model.dropout.train(),
    ];
    expect(acts.map(take)).toEqual([1, 1, 1, 0]);
    expect(acts.map(take)).toEqual([0, 0, 0, 0]);
  });

  it("are never the same if a layer changes its own fields", () => {
    class Counts extends Module {
      readonly inner = linear(2, 1);
      calls = 0;
      forward(x: Tensor): Tensor {
        return this.inner.forward(x).mul(++this.calls);
      }
    }
    const model = new Counts();
    const step = trainStep({
      model,
      optimizer: new SGD(model.parameters(), { learningRate: 0 }),
      loss: ({ x }) => ({ loss: model.forward(x).sum() }),
    });
    const losses = [1, 2, 3].map(() => step({ x: tensor([1, 1]) }).loss.itemSync());
    expect(losses[2]).toBeCloseTo(3 * losses[0], 5);
    expect(model.calls).toBe(3);
  });

  it("may have many shapes, each of which is recorded once", () => {
    const model = linear(1, 1);
    const optimizer = new SGD(model.parameters());
    const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: model.forward(x).mean() }) });
    const count = sized({ short: 100, long: 500 });
    const pass = (): number => {
      programs = 0;
      for (let size = 1; size <= count; size++)
        step({ x: tensor(new Float32Array(size), { shape: [size, 1] }) });
      return programs;
    };
    expect(pass()).toBe(count);
    expect(pass()).toBe(0);
  });
});

it("a recorded step uses pending running statistics, which continue after it", () => {
  const [plain, recorded] = [setting(), setting()];
  const { judge: _, ...trained } = recorded;
  const { lossOf, ...setup } = trained;
  const step = trainStep({ ...setup, loss: ({ x }) => ({ loss: lossOf(x) }) });
  for (let i = 0; i < 4; i++) {
    const x = normal([5, 3], { generator: new Generator(i) });
    for (const each of [plain, recorded]) each.lossOf(x);
    backward(plain.lossOf(x));
    plain.optimizer.step();
    for (const parameter of [...plain.model.parameters(), ...plain.judge.parameters()]) parameter.grad = null;
    step({ x });
    for (const each of [plain, recorded]) each.model.forward(x);
  }
  for (const part of ["model", "judge"] as const) {
    const expected = [...plain[part].stateDict()].map(([name, value]) => [name, value.dataSync()]);
    expect([...recorded[part].stateDict()].map(([name, value]) => [name, value.dataSync()])).toEqual(
      expected,
    );
  }
});

describe("gradients", () => {
  it("are null after a step, and those of parameters outside of the model do not change", () => {
    const { model, judge, optimizer, lossOf } = setting();
    const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: lossOf(x) }) });
    const [first, ...others] = judge.parameters();
    const kept = zeros(first.shape);
    first.grad = kept;
    for (let i = 0; i < 3; i++) {
      for (const parameter of model.parameters()) parameter.grad = zeros(parameter.shape);
      step({ x: normal([4, 3], { generator: new Generator(i) }) });
      expect(first.grad).toBe(kept);
      for (const { grad } of [...others, ...model.parameters()]) expect(grad).toBeNull();
    }
  });
});

describe("a tensor created before the step", () => {
  const weight = () => new Parameter(tensor([2, 3]));
  const stepWith = (parameter: Parameter, factor: () => Tensor) =>
    trainStep({
      model: new Holds(parameter),
      optimizer: new SGD([parameter], { learningRate: 1 }),
      loss: () => ({ loss: parameter.mul(factor()).sum() }),
    });

  class Holds extends Module {
    readonly parameter: Parameter;

    constructor(parameter: Parameter) {
      super();
      this.parameter = parameter;
    }

    forward(): Tensor {
      return this.parameter;
    }
  }

  it("is a constant if no gradient passes through it, computed or not", () => {
    const parameter = weight();
    const pending = parameter.detach().mul(2).exp().log();
    const step = stepWith(parameter, () => pending);
    const losses = [1, 2].map(() => Math.round(step({}).loss.itemSync()));
    expect(losses).toEqual([2 * 4 + 3 * 6, -2 * 4 - 3 * 6]);
  });

  it.each([
    ["a pending tensor", (parameter: Parameter) => parameter.mul(2)],
    [
      "a computed one",
      (parameter: Parameter) => {
        const y = parameter.mul(2);
        y.dataSync();
        return y;
      },
    ],
  ])("is refused if one does: %s", (_, make) => {
    const parameter = weight();
    const before = make(parameter);
    expect(() => stepWith(parameter, () => before)({})).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: trainStep: the function uses a tensor of shape [2], the result of \`mul\`, that was computed from parameters before it was recorded; every call would use this same value, and no gradient would pass through it. Compute it inside of the function, pass it as an input, or use its \`detach()\` if the value is meant to stay the same]`,
    );
    expect(parameter.dataSync()).toEqual(Float32Array.of(2, 3));
  });

  it("is refused if it is an earlier value of a parameter", () => {
    const parameter = weight();
    parameter.name = "scale";
    const old = parameter.node;
    parameter.assign(tensor([0, 0]));
    const stale = stepWith(weight(), () => parameter.add(new Tensor(old)));
    expect(() => stale({})).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: trainStep: the function uses a value that the parameter scale [2] had before it was recorded; every call would use this same value, and no gradient would pass through it. Compute it inside of the function, pass it as an input, or use its \`detach()\` if the value is meant to stay the same]`,
    );
  });
});

describe("the result of a step", () => {
  it("contains a buffer with its value after the step", () => {
    const norm = new BatchNorm1d(1);
    const step = trainStep({
      model: norm,
      optimizer: new SGD(norm.parameters()),
      loss: ({ x }) => ({ loss: norm.forward(x).sum(), mean: norm.runningMean as Tensor }),
    });
    const means = [1, 2].map(() => step({ x: tensor([[1], [3]]) }).mean.dataSync()[0]);
    expect(means[0]).toBeCloseTo(0.2, 6);
    expect(means[1]).toBeCloseTo(0.38, 6);
  });

  it("cannot be read before the step returns", () => {
    const model = linear(1, 1);
    const inside: Tensor[] = [];
    const step = trainStep({
      model,
      optimizer: new SGD(model.parameters()),
      loss: ({ x }) => {
        const output = model.forward(x);
        inside.push(output);
        return { loss: output.sum() };
      },
    });
    step({ x: tensor([[1]]) });
    expect(() => inside[0].dataSync()).toThrow("Return it from the function");
  });
});
