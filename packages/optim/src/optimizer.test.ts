import { backward, Parameter } from "@stargrad/autograd";
import { Generator, getEngine, normal, setEngine, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { afterEach, describe, expect, it, vi } from "vitest";

import * as optim from "./index.js";
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  Lamb,
  Lion,
  Muon,
  NAdam,
  Optimizer,
  RAdam,
  RMSprop,
  SGD,
  type Tensors,
} from "./index.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

/** A small regression: two parameters and the loss between them and fixed data. */
function problem() {
  const generator = new Generator(1);
  const [x, y] = [normal([8, 3], { generator }), normal([8, 2], { generator })];
  const weight = new Parameter(normal([3, 2], { generator }));
  const bias = new Parameter(zeros([2]));
  const loss = () => x.matmul(weight).add(bias).sub(y).square().mean();
  return { parameters: [weight, bias] as const, loss };
}

function bits(parameters: Iterable<Tensor>): unknown[] {
  return [...parameters].map((parameter) => parameter.dataSync());
}

/** Every optimizer, with options that use what it has. */
const makers = {
  "SGD with momentum": (p: readonly Parameter[]) =>
    new SGD(p, { learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  "SGD without": (p: readonly Parameter[]) => new SGD(p, { learningRate: 0.1 }),
  Adam: (p: readonly Parameter[]) => new Adam(p, { learningRate: 0.1, amsgrad: true, weightDecay: 0.1 }),
  "AdamW in groups": ([a, b]: readonly Parameter[]) =>
    new AdamW([{ parameters: [a], betas: [0.5, 0.75] }, { parameters: [b] }], { learningRate: 0.1 }),
  NAdam: (p: readonly Parameter[]) => new NAdam(p, { learningRate: 0.1 }),
  RAdam: (p: readonly Parameter[]) => new RAdam(p, { learningRate: 0.1, betas: [0.9, 0.99] }),
  Adagrad: (p: readonly Parameter[]) => new Adagrad(p, { learningRateDecay: 0.1 }),
  Adadelta: (p: readonly Parameter[]) => new Adadelta(p),
  RMSprop: (p: readonly Parameter[]) => new RMSprop(p, { centered: true, momentum: 0.9 }),
  "RMSprop without": (p: readonly Parameter[]) => new RMSprop(p),
  Adamax: (p: readonly Parameter[]) => new Adamax(p),
  Lamb: (p: readonly Parameter[]) => new Lamb(p, { learningRate: 0.1 }),
  Lion: (p: readonly Parameter[]) => new Lion(p, { learningRate: 0.1 }),
  Muon: ([weight]: readonly Parameter[]) => new Muon([weight], { learningRate: 0.1 }),
};

it("every optimizer is made here", () => {
  const made = Object.values(makers).map((make) => make(problem().parameters).constructor);
  const missing = Object.entries(optim).flatMap(([name, value]) =>
    typeof value === "function" && value.prototype instanceof Optimizer && !made.includes(value)
      ? [name]
      : [],
  );
  expect(missing, "add these to `makers` in this file").toEqual([]);
});

describe("a step", () => {
  it("is one program", () => {
    const { parameters, loss } = problem();
    const optimizer = new Adam(parameters, { amsgrad: true });
    let programs = 0;
    setEngine({
      name: "counting",
      capabilities: engine.capabilities,
      prepare(outputs) {
        programs++;
        return engine.prepare(outputs);
      },
    });
    for (let step = 1; step <= 3; step++) {
      const value = loss();
      backward(value);
      optimizer.step();
      optimizer.zeroGrad();
      // The loss was on the way and has been kept.
      value.itemSync();
      expect(programs).toBe(step);
    }
  });

  it.each(Object.entries(makers))("of %s keeps no history", (_name, make) => {
    const { parameters, loss } = problem();
    const optimizer = make(parameters);
    for (let step = 0; step < sized({ short: 40, long: 200 }); step++) {
      optimizer.zeroGrad();
      backward(loss());
      optimizer.step();
    }
    const state = [...optimizer.stateDict()].filter(([name]) => name.includes("parameters"));
    expect(state.length).toBeGreaterThan(1);
    for (const { node } of [...parameters, ...state.map(([, value]) => value)]) {
      expect(node.operation).toBeNull();
      expect(node.storage).not.toBeNull();
    }
    for (const [, value] of state) expect(value.node.tracked).toBe(false);
  });

  it("warns once if no parameter has a gradient, and changes nothing", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { parameters } = problem();
    const before = bits(parameters);
    const optimizer = new AdamW(parameters, { weightDecay: 0.5 });
    for (let i = 0; i < 3; i++) optimizer.step();
    expect(warn.mock.calls).toEqual([
      [
        "AdamW.step: none of the 2 parameters has a gradient, so nothing changes. Call `backward` with a loss that depends on them before `step`, and `zeroGrad` after it.",
      ],
    ]);
    warn.mockRestore();
    expect(bits(parameters)).toEqual(before);
    expect(optimizer.stateDict().get("groups.0.parameters.0.step")!.itemSync()).toBe(0);
  });

  it("does nothing if all parameters are frozen", () => {
    const { parameters } = problem();
    const before = bits(parameters);
    const optimizer = new AdamW(parameters, { weightDecay: 0.5 });
    for (const parameter of parameters) parameter.requiresGradient = false;
    optimizer.step();
    expect(bits(parameters)).toEqual(before);
  });

  it("leaves a frozen parameter alone", () => {
    const { parameters, loss } = problem();
    parameters[1].requiresGradient = false;
    const before = parameters[1].dataSync();
    const optimizer = new SGD(parameters, { learningRate: 0.1, weightDecay: 0.5 });
    backward(loss());
    optimizer.step();
    expect(parameters[1].dataSync()).toEqual(before);
  });

  it("uses the settings of the moment, and refuses bad ones before anything changes", () => {
    const parameter = new Parameter(tensor([1]));
    const other = new Parameter(tensor([1]));
    const optimizer = new SGD([{ parameters: [parameter] }, { parameters: [other] }], { learningRate: 0.5 });
    for (const p of [parameter, other]) p.grad = tensor([1]);
    optimizer.step();
    optimizer.groups[1].learningRate = 0.25;
    optimizer.step();
    expect([parameter.itemSync(), other.itemSync()]).toEqual([0, 0.25]);
    optimizer.groups[1].learningRate = NaN;
    expect(() => {
      optimizer.step();
    }).toThrow("got learningRate NaN");
    expect([parameter.itemSync(), other.itemSync()]).toEqual([0, 0.25]);
  });

  it("passes NaN on", () => {
    for (const make of [SGD, Adam, AdamW, NAdam, RAdam, Adagrad, Adadelta, RMSprop, Adamax, Lion]) {
      const parameter = new Parameter(tensor([1, 1]));
      parameter.grad = tensor([NaN, 1]);
      new make([parameter]).step();
      expect([...parameter.dataSync()].map(Number.isNaN)).toEqual([true, false]);
    }
  });
});

it("values of options have the kind of their defaults", () => {
  const parameters = problem().parameters;
  const wrong = (options: object) => () => new Adam(parameters, options);
  expect(wrong({ amsgrad: "no" })).toThrow('Adam: got amsgrad "no"; expected true or false');
  expect(wrong({ betas: 0.9 })).toThrow(
    "Adam: got betas 0.9; expected two numbers of at least 0 and below 1",
  );
  expect(wrong({ learningRate: "0.1" })).toThrow('Adam: got learningRate "0.1"; expected a finite number');
  expect(() => new Muon([parameters[0]], { coefficients: [1, 2] as never })).toThrow(
    "Muon: got coefficients [1, 2]; expected three finite numbers",
  );
  expect(() => new AdamW([{ parameters, maximize: 1 as never }])).toThrow(
    "AdamW: got maximize 1; expected true or false",
  );
});

describe("a user-defined optimizer", () => {
  /** Follows the sign of the gradient. */
  class SignDescent extends Optimizer {
    constructor(parameters: Iterable<Parameter>) {
      super(parameters, {}, { learningRate: 0.25, maximize: false });
    }

    protected check(): void {
      expect(this.groups).toBeDefined();
    }

    protected initialState() {
      return {};
    }

    protected numbers({ learningRate }: { learningRate: number }) {
      return { learningRate };
    }

    protected structure() {
      return {};
    }

    protected update(
      parameter: Tensor,
      gradient: Tensor,
      _state: object,
      { learningRate }: Tensors<SignDescent["numbers"]>,
    ) {
      return { parameter: parameter.sub(gradient.sign().mul(learningRate)), state: {} };
    }
  }

  it("is one function", () => {
    const parameter = new Parameter(tensor([1, 2]));
    parameter.grad = tensor([-7, 0.1]);
    new SignDescent([parameter]).step();
    expect(parameter.toArraySync()).toEqual([1.25, 1.75]);
  });
});

describe("learning", () => {
  it("trains a small network on XOR", () => {
    const generator = new Generator(1);
    const hidden = new Parameter(normal([2, 8], { generator }));
    const hiddenBias = new Parameter(zeros([8]));
    const output = new Parameter(normal([8, 1], { generator }));
    const outputBias = new Parameter(zeros([1]));
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const y = tensor([[0], [1], [1], [0]]);
    const predict = () => x.matmul(hidden).add(hiddenBias).tanh().matmul(output).add(outputBias).sigmoid();
    const optimizer = new AdamW([hidden, hiddenBias, output, outputBias], { learningRate: 0.1 });
    for (let step = 0; step < 100; step++) {
      optimizer.zeroGrad();
      backward(predict().sub(y).square().mean());
      optimizer.step();
    }
    expect(predict().round().toArraySync()).toEqual(y.toArraySync());
  });
});

describe("state dict", () => {
  it.each(Object.entries(makers))(
    "lets %s go on to the same bits as if it had never stopped",
    (_name, make) => {
      const train = (
        parameters: readonly Parameter[],
        loss: () => Tensor,
        optimizer: Optimizer,
        steps: number,
      ) => {
        for (let step = 0; step < steps; step++) {
          optimizer.zeroGrad();
          backward(loss());
          optimizer.step();
          optimizer.groups[0].learningRate *= 0.9;
        }
        return bits(parameters);
      };
      const whole = problem();
      const expected = train(whole.parameters, whole.loss, make(whole.parameters), 7);

      const first = problem();
      const stopped = make(first.parameters);
      train(first.parameters, first.loss, stopped, 3);
      const saved = stopped.stateDict();
      // What is saved does not change when training goes on.
      const values = first.parameters.map((parameter) =>
        tensor(parameter.dataSync(), { shape: parameter.shape }),
      );
      train(first.parameters, first.loss, stopped, 2);

      const second = problem();
      for (const [i, parameter] of second.parameters.entries()) parameter.assign(values[i]);
      const resumed = make(second.parameters);
      resumed.groups[0].learningRate = 123;
      resumed.loadStateDict(saved);
      expect(train(second.parameters, second.loss, resumed, 4)).toEqual(expected);
    },
  );

  it("names settings, step counts and states", () => {
    const { parameters, loss } = problem();
    const optimizer = new Adam(parameters);
    backward(loss());
    parameters[1].grad = null;
    optimizer.step();
    const state = optimizer.stateDict();
    expect([...state].map(([name, { dtype, shape }]) => `${name}: ${dtype} [${shape.join(", ")}]`)).toEqual([
      "groups.0.learningRate: float64 []",
      "groups.0.betas: float64 [2]",
      "groups.0.epsilon: float64 []",
      "groups.0.weightDecay: float64 []",
      "groups.0.amsgrad: bool []",
      "groups.0.maximize: bool []",
      "groups.0.parameters.0.step: int32 []",
      "groups.0.parameters.0.firstMoment: float32 [3, 2]",
      "groups.0.parameters.0.secondMoment: float32 [3, 2]",
      "groups.0.parameters.1.step: int32 []",
    ]);
    expect(state.get("groups.0.epsilon")!.itemSync()).toBe(1e-8);
  });

  it("reports everything that does not fit at once, and changes nothing", () => {
    const { parameters, loss } = problem();
    const optimizer = new Adam(parameters);
    backward(loss());
    optimizer.step();
    const before = new Map([...optimizer.stateDict()].map(([name, value]) => [name, value.dataSync()]));
    const state = optimizer.stateDict();
    state.set("groups.0.learningRate", tensor(0.5, { dtype: "float64" }));
    state.delete("groups.0.betas");
    state.delete("groups.0.parameters.0.secondMoment");
    state.set("groups.0.parameters.0.velocity", zeros([3, 2]));
    state.set("groups.0.parameters.0.firstMoment", zeros([2, 3]));
    state.set("groups.0.parameters.1.step", tensor(1));
    state.set("groups.1.learningRate", tensor(1, { dtype: "float64" }));
    expect(() => {
      optimizer.loadStateDict(state);
    }).toThrowErrorMatchingInlineSnapshot(`
      [ArgumentError: loadStateDict: the state does not fit Adam, and nothing was loaded
        missing: groups.0.betas, groups.0.parameters.0.secondMoment
        unexpected: groups.0.parameters.0.velocity, groups.1.learningRate
        groups.0.parameters.0.firstMoment: got float32 [2, 3]; expected float32 [3, 2]
        groups.0.parameters.1.step: got float32 []; expected int32 []]
    `);
    expect(new Map([...optimizer.stateDict()].map(([name, value]) => [name, value.dataSync()]))).toEqual(
      before,
    );
  });

  it("is refused if it holds a setting out of range", () => {
    const { parameters } = problem();
    const optimizer = new Adam(parameters, { learningRate: 0.5 });
    const state = optimizer.stateDict();
    state.set("groups.0.learningRate", tensor(-1, { dtype: "float64" }));
    expect(() => {
      optimizer.loadStateDict(state);
    }).toThrow("Adam: got learningRate -1");
    expect(optimizer.groups[0].learningRate).toBe(0.5);
  });
});
