import { backward, Buffer, Parameter } from "@stargrad/autograd";
import { observeNodes } from "@stargrad/graph/internal";
import {
  BatchNorm1d,
  crossEntropy,
  Dropout,
  Embedding,
  Linear,
  LSTM,
  Module,
  mseLoss,
  ReLU,
  Sequential,
} from "@stargrad/nn";
import { Adam, AdamW, clipGradNorm, RAdam, SGD, type Optimizer } from "@stargrad/optim";
import {
  fromData,
  Generator,
  getEngine,
  normal,
  referenceEngine,
  setEngine,
  tensor,
  type Tensor,
} from "@stargrad/tensor";
import { sampled, sized, WasmEngine } from "@stargrad/tensor/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { trainStep, type StepInputs, type StepTensors } from "./train-step.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

/** A model with all that changes besides parameters: running statistics, and numbers that are drawn. */
function modelFrom(seed: number): Sequential {
  const generator = new Generator(seed);
  return new Sequential(
    new Linear(6, 8, { generator }),
    new BatchNorm1d(8),
    new ReLU(),
    new Dropout(0.3, { generator: new Generator(seed + 1) }),
    new Linear(8, 3, { generator }),
  );
}

function batchOf(size: number, seed: number): { x: Tensor; y: Tensor } {
  const classes = Int32Array.from({ length: size }, (_, i) => (i * 7 + seed) % 3);
  return { x: normal([size, 6], { generator: new Generator(seed) }), y: fromData(classes, [size]) };
}

const optimizers: Readonly<Record<string, (parameters: Parameter[]) => Optimizer>> = {
  SGD: (parameters) => new SGD(parameters, { learningRate: 0.05, momentum: 0.9 }),
  Adam: (parameters) => new Adam(parameters, { learningRate: 0.01 }),
  AdamW: (parameters) => new AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1, amsgrad: true }),
  RAdam: (parameters) => new RAdam(parameters, { learningRate: 0.01 }),
};

describe("trainStep", () => {
  it("names asynchronous functions, without unhandled rejections", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => void rejections.push(reason);
    process.on("unhandledRejection", note);
    const rejected = () => Promise.reject(new Error("later"));
    const model = modelFrom(1);
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const loss = ({ x, y }: StepTensors<StepInputs>) => ({ loss: crossEntropy(model.forward(x), y) });
    for (const [wrong, message] of [
      [{ loss: () => ({ loss: rejected(), other: rejected() }) }, "for the result.loss"],
      [{ loss: rejected }, "for the result"],
      [{ refuse: rejected }, "`refuse` returned a promise"],
      [{ afterBackward: rejected }, "`afterBackward` returned a promise"],
    ] as const) {
      const step = trainStep({ model, optimizer, loss, ...(wrong as object) });
      expect(() => step(batchOf(4, 1))).toThrow(message);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
    expect(() => trainStep({ model, optimizer: Adam as never, loss })).toThrow("trainStep: got optimizer");
  });

  it.each(sampled(Object.entries(optimizers), 3))("is a plain loop with %s, to the bit", (_, make) => {
    const [plain, recorded] = [modelFrom(1), modelFrom(1)];
    const [plainOptimizer, optimizer] = [make(plain.parameters()), make(recorded.parameters())];
    const step = trainStep({
      model: recorded,
      optimizer,
      loss: ({ x, y }) => {
        const logits = recorded.forward(x);
        return { loss: crossEntropy(logits, y), logits };
      },
    });
    for (let i = 1; i <= 12; i++) {
      const { x, y } = batchOf(i % 5 === 0 ? 7 : 10, i);
      for (const { groups } of [plainOptimizer, optimizer]) groups[0].learningRate = 0.02 / i;

      const logits = plain.forward(x);
      const loss = crossEntropy(logits, y);
      backward(loss);
      plainOptimizer.step();
      plainOptimizer.zeroGrad();

      const results = step({ x, y });
      expect(results.loss.itemSync()).toBe(loss.itemSync());
      expect(results.logits.dataSync()).toEqual(logits.dataSync());
      expect(valuesOf(recorded.stateDict())).toEqual(valuesOf(plain.stateDict()));
      expect(valuesOf(optimizer.stateDict())).toEqual(valuesOf(plainOptimizer.stateDict()));
    }
  });

  it("builds no graph from the second step on, for each shape", () => {
    const { model, step } = regression();
    const nodes: number[] = [];
    let count = 0;
    const observer = observeNodes((node) => {
      // A leaf is a handle on what has been computed.
      if (node.operation !== null) count++;
    });
    try {
      for (const size of [4, 4, 4, 3, 3, 4]) {
        const inputs = { x: zeros(size, 2), y: zeros(size, 1) };
        count = 0;
        step(inputs);
        nodes.push(count);
      }
    } finally {
      observeNodes(observer);
    }
    expect(nodes.map((made) => made > 0)).toEqual([true, false, false, true, false, false]);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it("holds engine memory flat", () => {
    const { step } = regression();
    const inputs = { x: zeros(4, 2), y: zeros(4, 1) };
    for (let i = 0; i < 20; i++) step(inputs);
    const before = memoryInUse();
    const steps = sized({ short: 300, long: 2000 });
    for (let i = 0; i < steps; i++) step(inputs);
    expect(memoryInUse()).toBe(before);
  });

  it("takes numbers that change, and changes only its model and optimizer", () => {
    const weight = new Parameter(tensor([1]));
    const model = new Scale(weight);
    const step = trainStep({
      model,
      optimizer: new SGD([weight], { learningRate: 1 }),
      loss: ({ by }) => ({ loss: model.forward(by).sum() }),
    });
    const values = [0.5, 0.25, 2].map((by) => {
      step({ by });
      return weight.itemSync();
    });
    expect(values).toEqual([0.5, 0.25, -1.75]);
  });

  it("responds to a changed mode, a frozen parameter and a changed option", () => {
    const model = new Sequential(new Linear(2, 4), new Dropout(0.5), new Linear(4, 1));
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const step = trainStep({
      model,
      optimizer,
      loss: ({ x, y }) => ({ loss: mseLoss(model.forward(x), y) }),
    });
    const inputs = { x: batchOf(4, 1).x.narrow(1, 0, 2), y: zeros(4, 1) };
    step(inputs);
    model.eval();
    const expected = mseLoss(model.forward(inputs.x), inputs.y).itemSync();
    expect(step(inputs).loss.itemSync()).toBe(expected);

    const [first] = model.parameters();
    first.requiresGradient = false;
    const frozen = first.dataSync();
    step(inputs);
    step(inputs);
    expect(first.dataSync()).toEqual(frozen);

    first.requiresGradient = true;
    optimizer.groups[0].learningRate = 0;
    optimizer.groups[0].weightDecay = 0.1;
    step(inputs);
    expect(first.dataSync()).toEqual(frozen);
    optimizer.groups[0].learningRate = 1;
    step(inputs);
    expect(first.dataSync()).not.toEqual(frozen);
  });

  it("clips gradients in afterBackward", () => {
    const weight = new Parameter(tensor([3, 4]));
    const step = trainStep({
      model: new Scale(weight),
      optimizer: new SGD([weight], { learningRate: 1 }),
      loss: () => ({ loss: weight.square().sum().mul(0.5) }),
      afterBackward: () => clipGradNorm([weight], 1),
    });
    step({});
    const [x, y] = weight.dataSync();
    expect(Math.hypot(x, y)).toBeCloseTo(4, 5);
    step({});
    expect(Math.hypot(...weight.dataSync())).toBeCloseTo(3, 5);
  });

  it("changes nothing when it throws, and goes on", () => {
    const model = new Sequential(new Embedding(5, 3), new Linear(3, 2));
    const optimizer = new Adam(model.parameters());
    const step = trainStep({
      model,
      optimizer,
      loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) }),
    });
    const y = fromData(Int32Array.of(0, 1), [2]);
    const good = fromData(Int32Array.of(1, 4), [2]);
    const bad = fromData(Int32Array.of(1, 5), [2]);
    for (let i = 0; i < 3; i++) step({ x: good, y });
    const before = [valuesOf(model.stateDict()), valuesOf(optimizer.stateDict())];
    const memory = memoryInUse();
    for (let i = 0; i < 5; i++) {
      expect(() => step({ x: bad, y })).toThrow(
        "trainStep: got the index 5 at position 3; expected 0 to 4. Check the targets against the number of classes",
      );
      expect([valuesOf(model.stateDict()), valuesOf(optimizer.stateDict())]).toEqual(before);
    }
    step({ x: good, y });
    expect(memoryInUse()).toBe(memory);
  });

  it("changes nothing when the results are refused, and nothing is lost", () => {
    const model = modelFrom(3);
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const step = trainStep({
      model,
      optimizer,
      loss: ({ x, y, most }) => ({ loss: crossEntropy(model.forward(x), y), most }),
      refuse: ({ loss, most }) => loss.greater(most),
    });
    const batch = { ...batchOf(10, 1), most: 1000 };
    const refused = { ...batch, most: 0 };
    for (let i = 0; i < 3; i++) step(batch);
    const before = [valuesOf(model.stateDict()), valuesOf(optimizer.stateDict())];
    const memory = memoryInUse();
    for (let i = 0; i < 5; i++) {
      expect(() => step(refused)).toThrow(
        "trainStep: found the code 1. `refuse` returned a code other than 0",
      );
    }
    expect([valuesOf(model.stateDict()), valuesOf(optimizer.stateDict())]).toEqual(before);
    step(batch);
    expect(memoryInUse()).toBe(memory);
    expect(valuesOf(model.stateDict())).not.toEqual(before[0]);
  });

  it("throws for functions that cannot be recorded", () => {
    const weight = new Parameter(tensor([1]));
    const model = new Scale(weight);
    const optimizer = new SGD([weight]);
    const generator = new Generator(1);
    const reads = trainStep({
      model,
      optimizer,
      loss: ({ x }) => ({ loss: x.mul(weight.itemSync()).sum() }),
    });
    expect(() => reads({ x: tensor([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: data: a tensor is read inside of a function that is recorded; every later call would repeat its result of this one call. Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep]`,
    );
    const draws = trainStep({
      model,
      optimizer,
      loss: () => ({ loss: weight.mul(generator.uniform()).sum() }),
    });
    expect(() => draws({})).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Generator.uniform: a number is drawn inside of a function that is recorded; every later call would repeat its result of this one call. Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep]`,
    );
    const setsBack = trainStep({
      model,
      optimizer,
      loss: () => {
        generator.restore({ seed: 1, block: 0 });
        return { loss: weight.sum() };
      },
    });
    expect(() => setsBack({})).toThrow(
      "Generator.restore: a generator is set back inside of a function that is recorded",
    );
    const makes = trainStep({
      model,
      optimizer,
      loss: ({ x }) => ({ loss: new Linear(1, 1).forward(x.mul(weight)).sum() }),
    });
    expect(() => makes({ x: tensor([[1]]) })).toThrow(
      "Variable: a parameter or a buffer is computed inside of a function that is recorded",
    );
    const steps = trainStep({
      model,
      optimizer,
      loss: ({ x }) => {
        const loss = weight.mul(x).sum();
        backward(loss);
        optimizer.step();
        return { loss };
      },
    });
    expect(() => steps({ x: tensor([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD.step: a step is taken inside of a function that is recorded; every later call would repeat its result of this one call. Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep]`,
    );
    const others = new Parameter(tensor([1]));
    const stranger = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: others.mul(x).sum() }) });
    expect(() => stranger({ x: tensor([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: trainStep: the loss depends on none of the optimizer's parameters]`,
    );
    const bare = trainStep({
      model,
      optimizer,
      loss: (() => weight.sum()) as unknown as () => { loss: Tensor },
    });
    expect(() => bare({})).toThrow(
      "`loss` returned a tensor; expected tensors by name, including loss. Return { loss }",
    );
    const nameless = trainStep({
      model,
      optimizer,
      loss: (() => ({ cost: weight.sum() })) as unknown as () => { loss: Tensor },
    });
    expect(() => nameless({})).toThrow("`loss` returned no tensor of the name loss");
    const constant = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: x.sum() }) });
    expect(() => constant({ x: tensor([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: backward: the loss depends on no parameter that requires a gradient. Compute it from Parameters, and not through item, detach, comparisons or integers]`,
    );
  });

  it("runs on the reference engine too", () => {
    setEngine(referenceEngine);
    const { model, step } = regression();
    const before = model.parameters()[0].dataSync();
    const inputs = { x: batchOf(4, 1).x.narrow(1, 0, 2), y: zeros(4, 1) };
    const losses = Array.from({ length: 30 }, () => step(inputs).loss.itemSync());
    expect(losses[29]).toBeLessThan(losses[0]);
    expect(model.parameters()[0].dataSync()).not.toEqual(before);
  });

  it("uses the current values of variables, including those it does not change", () => {
    const weight = new Parameter(tensor([1]));
    const offset = new Buffer(tensor([10]));
    const model = new Scale(weight);
    const step = trainStep({
      model,
      optimizer: new SGD([weight], { learningRate: 0 }),
      loss: () => ({ loss: weight.add(offset).sum() }),
    });
    expect(step({}).loss.itemSync()).toBe(11);
    offset.assign(tensor([20]));
    weight.assign(tensor([2]));
    expect(step({}).loss.itemSync()).toBe(22);
  });
});

function regression() {
  const model = new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1));
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const step = trainStep({ model, optimizer, loss: ({ x, y }) => ({ loss: mseLoss(model.forward(x), y) }) });
  return { model, step };
}

class Scale extends Module {
  readonly weight: Parameter;

  constructor(weight: Parameter) {
    super();
    this.weight = weight;
  }

  forward(x: Tensor): Tensor {
    return this.weight.mul(x);
  }
}

function zeros(...shape: number[]): Tensor {
  return fromData(new Float32Array(shape.reduce((size, length) => size * length, 1)), shape);
}

function valuesOf(state: ReadonlyMap<string, Tensor>): [string, unknown][] {
  return [...state].map(([name, value]) => [name, value.dataSync()]);
}

function memoryInUse(): number {
  if (!(engine instanceof WasmEngine)) throw new Error("these tests are about the WebAssembly engine");
  return engine.memory().used;
}

describe("lengths of sequences", () => {
  it("may differ between steps, and are checked at each", () => {
    const models = [1, 2].map(() => new LSTM(2, 3, { batchFirst: true, generator: new Generator(1) }));
    const [plain, recorded] = models;
    const [plainOptimizer, optimizer] = models.map(
      (model) => new SGD(model.parameters(), { learningRate: 0.1 }),
    );
    const lossOf = (model: LSTM, { x, lengths }: { x: Tensor; lengths: Tensor }) =>
      model.forward(x, { lengths }).output.square().sum();
    let recordings = 0;
    const step = trainStep<{ x: Tensor; lengths: Tensor }, { loss: Tensor }>({
      model: recorded,
      optimizer,
      loss: (inputs) => {
        recordings++;
        return { loss: lossOf(recorded, inputs) };
      },
    });
    const x = normal([3, 5, 2], { generator: new Generator(2) });
    const of = (...lengths: number[]) => ({ x, lengths: tensor(lengths, { dtype: "int32" }) });
    for (const inputs of [of(5, 1, 3), of(2, 2, 4)]) {
      const loss = lossOf(plain, inputs);
      backward(loss);
      plainOptimizer.step();
      plainOptimizer.zeroGrad();
      expect(step(inputs).loss.itemSync()).toBe(loss.itemSync());
      for (const [length, index] of [
        [0, -1],
        [6, 5],
      ]) {
        expect(() => step(of(5, length, 1))).toThrow(`got the index ${index} at position 1; expected 0 to 4`);
      }
      expect(valuesOf(recorded.stateDict())).toEqual(valuesOf(plain.stateDict()));
    }
    expect(recordings).toBe(1);
  });
});

describe("the inputs of a step", () => {
  it("must be tensors by name, and values", () => {
    const { model, step } = regression();
    const untyped = step as unknown as (inputs: unknown) => unknown;
    expect(() => untyped(tensor([1]))).toThrow("trainStep: the step got a tensor; expected tensors by name");
    expect(() => untyped([tensor([1])])).toThrow(
      "trainStep: the step got an array; expected tensors by name",
    );
    const [weight] = model.parameters();
    expect(() => untyped({ x: weight.mul(2) })).toThrow("trainStep: tensor 0 of the inputs, of shape");
  });
});

describe("a layer that is not part of the model", () => {
  class Net extends Module {
    readonly head = new Linear(3, 1);
    readonly #hidden = new Linear(2, 3);
    forward(x: Tensor): Tensor {
      return this.head.forward(this.#hidden.forward(x));
    }
    get hidden(): Linear {
      return this.#hidden;
    }
  }
  const stepOf = (model: Net, parameters: readonly Parameter[]) =>
    trainStep({
      model,
      optimizer: new SGD(parameters),
      loss: ({ x }) => ({ loss: model.forward(x).mean() }),
    });
  const x = tensor([[1, 2]]);

  it("is named by a warning, because the optimizer lacks its parameters", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const model = new Net();
    const step = stepOf(model, model.parameters());
    for (let i = 0; i < 2; i++) step({ x });
    expect(warn.mock.calls).toEqual([
      [
        "trainStep: Net calls Linear(2, 3), which is not part of it, so the optimizer does not have its parameters. Store it in a public field or an array, not in a private field (#layer), a Map or a plain object; or freeze it.",
      ],
    ]);
    warn.mockRestore();
  });

  it("may be frozen, or given to the optimizer", () => {
    const [frozen, given] = [new Net(), new Net()];
    frozen.hidden.freeze();
    stepOf(frozen, frozen.parameters())({ x });
    stepOf(given, [...given.parameters(), ...given.hidden.parameters()])({ x });
  });
});
