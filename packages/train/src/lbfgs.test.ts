import { readFileSync } from "node:fs";

import { backward, Parameter } from "@stargrad/autograd";
import { arrays, DataLoader } from "@stargrad/datasets";
import { observeNodes } from "@stargrad/graph/internal";
import { BatchNorm1d, Dropout, Linear, Module, mseLoss, Sequential, Tanh } from "@stargrad/nn";
import { clipGradNorm, LBFGS, type ClosureOptimizer, type LBFGSOptions } from "@stargrad/optim";
import { Generator, normal, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { restoreCheckpoint, type Checkpoint } from "./checkpoint.js";
import { fit } from "./fit.js";
import { trainStep } from "./train-step.js";

// What golden/lbfgs.py wrote with PyTorch.
const golden = JSON.parse(readFileSync(new URL("../golden/lbfgs.json", import.meta.url), "utf8")) as {
  readonly x: number[];
  readonly y: number[];
  readonly start: number[][];
  readonly batch: number;
  readonly epochs: number;
  readonly cases: readonly {
    readonly options: LBFGSOptions;
    readonly calls: number;
    readonly losses: number[];
    readonly weights: Record<string, number[]>;
  }[];
};
const items = golden.y.length;

/** The network of golden/lbfgs.py, with a loader of its batches. */
function setUp(options: LBFGSOptions) {
  const model = new Sequential(
    new Linear(2, 3, { dtype: "float64" }),
    new Tanh(),
    new Linear(3, 1, { dtype: "float64" }),
  );
  for (const [i, parameter] of model.parameters().entries()) {
    parameter.assign(tensor(golden.start[i], { shape: parameter.shape, dtype: "float64" }));
  }
  const data = arrays({
    x: tensor(golden.x, { shape: [items, 2], dtype: "float64" }),
    y: tensor(golden.y, { shape: [items, 1], dtype: "float64" }),
  });
  return {
    model,
    optimizer: new LBFGS(model.parameters(), options),
    loader: new DataLoader(data, { batchSize: golden.batch }),
  };
}

function expectNear(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i] - value) / Math.max(1, Math.abs(value)), `element ${i}`).toBeLessThan(1e-10);
  }
}

/** Runs a training to its end. */
async function finish(events: AsyncIterator<unknown>): Promise<void> {
  while ((await events.next()).done !== true);
}

/** A step of a plain loop. Returns the loss before the step. */
function plainStep(optimizer: LBFGS, lossOf: () => Tensor, afterBackward?: () => void): number {
  return optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = lossOf();
    backward(loss);
    afterBackward?.();
    return loss;
  });
}

describe.each(golden.cases)("L-BFGS with $options", ({ options, calls, losses, weights }) => {
  it("has PyTorch's numbers in a plain loop", async () => {
    const { model, optimizer, loader } = setUp(options);
    const seen: number[] = [];
    let called = 0;
    for (let epoch = 0; epoch < golden.epochs; epoch++) {
      for await (const { x, y } of loader) {
        seen.push(plainStep(optimizer, () => (called++, mseLoss(model.forward(x), y))));
      }
    }
    expect(called).toBe(calls);
    expectNear(seen, losses);
    for (const [name, value] of model.stateDict()) expectNear(value.dataSync(), weights[name]);
  });

  it("has PyTorch's numbers in fit, whose steps are recorded", async () => {
    const { model, optimizer, loader } = setUp(options);
    const seen: number[] = [];
    for await (const event of fit({ model, optimizer, loader, loss: mseLoss, epochs: golden.epochs })) {
      if (event.event === "step") seen.push(event.loss);
    }
    expectNear(seen, losses);
    for (const [name, value] of model.stateDict()) expectNear(value.dataSync(), weights[name]);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });
});

/** A model with all that changes besides parameters: running statistics, and numbers that are drawn. */
function noisyModel(): Sequential {
  const generator = new Generator(1);
  return new Sequential(
    new Linear(3, 4, { generator }),
    new BatchNorm1d(4),
    new Tanh(),
    new Dropout(0.3, { generator: new Generator(2) }),
    new Linear(4, 2, { generator }),
  );
}

function valuesOf(state: ReadonlyMap<string, Tensor>): Map<string, unknown> {
  return new Map([...state].map(([name, value]) => [name, value.dataSync()]));
}

describe("a recorded step with L-BFGS", () => {
  it.each([false, true])("is a plain loop, to the bit (strongWolfe %s)", (strongWolfe) => {
    const options = { strongWolfe, learningRate: 0.1, maxIterations: 3 };
    const [plain, recorded] = [noisyModel(), noisyModel()];
    const [plainOptimizer, optimizer] = [plain, recorded].map(
      (model) => new LBFGS(model.parameters(), options),
    );
    const step = trainStep({
      model: recorded,
      optimizer,
      loss: ({ x, y }) => ({ loss: mseLoss(recorded.forward(x), y) }),
      afterBackward: () => void clipGradNorm(recorded.parameters(), 0.5),
    });
    for (let i = 1; i <= 6; i++) {
      const [x, y] = [3, 2].map((features) =>
        normal([i % 3 === 0 ? 4 : 5, features], { generator: new Generator(10 * i + features) }),
      );
      const clip = () => void clipGradNorm(plain.parameters(), 0.5);
      const loss = plainStep(plainOptimizer, () => mseLoss(plain.forward(x), y), clip);
      expect(step({ x, y }).loss.itemSync()).toBe(loss);
      expect(valuesOf(recorded.stateDict())).toEqual(valuesOf(plain.stateDict()));
      expect(valuesOf(optimizer.stateDict())).toEqual(valuesOf(plainOptimizer.stateDict()));
    }
  });

  it("builds no graph of the loss from the second step on", () => {
    const model = noisyModel();
    let forwards = 0;
    const step = trainStep({
      model,
      optimizer: new LBFGS(model.parameters(), { maxIterations: 4, learningRate: 0.1 }),
      loss: ({ x }) => (forwards++, { loss: model.forward(x).square().mean() }),
    });
    const x = normal([5, 3], { generator: new Generator(3) });
    step({ x });
    let products = 0;
    const observer = observeNodes((node) => {
      if (node.operation?.primitive === "matmul") products++;
    });
    try {
      for (let i = 0; i < 3; i++) step({ x });
    } finally {
      observeNodes(observer);
    }
    expect([forwards, products]).toEqual([1, 0]);
  });

  it("resumes from a checkpoint without a difference", async () => {
    const [{ options }] = golden.cases;
    const whole = setUp(options);
    const first = setUp(options);
    await finish(fit({ ...whole, loss: mseLoss, epochs: 2 }));
    await finish(fit({ ...first, loss: mseLoss, epochs: 1 }));
    const checkpoint: Checkpoint = {
      model: first.model.stateDict(),
      optimizer: first.optimizer.stateDict(),
      loader: first.loader.state(),
      states: new Map(),
      run: null,
      generators: new Map([["default", new Generator(0).state()]]),
      metadata: {},
    };
    const second = setUp(options);
    restoreCheckpoint(checkpoint, second);
    await finish(fit({ ...second, loss: mseLoss, epochs: 2, startEpoch: 1 }));
    expect(valuesOf(second.model.stateDict())).toEqual(valuesOf(whole.model.stateDict()));
  });

  it("changes no weight where the loss is not a number, at first or on the way", async () => {
    class Root extends Module {
      readonly weight = new Parameter(tensor([0.5]));
      forward(x: Tensor): Tensor {
        return this.weight.sqrt().mul(x);
      }
    }
    const model = new Root();
    const optimizer = new LBFGS(model.parameters(), { learningRate: 10, maxIterations: 5 });
    const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: model.forward(x).sum() }) });
    // The first iteration goes below 0, where there is no root.
    expect(() => step({ x: tensor([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[StargradError: LBFGS.step: the loss became NaN; the parameters are those before the step. Lower the learning rate, or use a line search: { strongWolfe: true }]`,
    );
    expect(model.weight.itemSync()).toBe(0.5);
    expect(optimizer.stateDict().get("iterations")?.itemSync()).toBe(0);

    const loader = new DataLoader(arrays({ x: tensor([[NaN]]), y: tensor([[0]]) }), { batchSize: 1 });
    const run = finish(fit({ model, optimizer, loader, loss: mseLoss, epochs: 1 }));
    await expect(run).rejects.toThrowErrorMatchingInlineSnapshot(
      `[StargradError: fit: the loss is NaN in epoch 1, step 1; the weights are those of the step before. Try a smaller learning rate, and check the data for NaN, infinities and, if the loss is your own, batches in which all items are ignored]`,
    );
    expect(model.weight.itemSync()).toBe(0.5);
    expect(model.weight.grad).toBeNull();
  });

  it("throws for unsupported uses", () => {
    const model = new Linear(1, 1);
    const parameters = model.parameters();
    const loss = ({ x }: Readonly<Record<string, Tensor>>) => ({ loss: model.forward(x).sum() });
    const idle: ClosureOptimizer = {
      groups: [{ parameters }],
      step: () => undefined,
      stateDict: () => new Map(),
      loadStateDict: () => undefined,
    };
    const x = tensor([[1]]);
    expect(() => trainStep({ model, optimizer: idle, loss })({ x })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: trainStep: the optimizer took a step without calling its closure; expected it to evaluate the loss before it returns. If the optimizer needs no closure, extend Optimizer; if its step is asynchronous, write a plain loop]`,
    );
    const inner = new LBFGS(parameters);
    const optimizer = new LBFGS(parameters);
    const nested = trainStep({
      model,
      optimizer,
      loss: (inputs) => {
        plainStep(inner, () => loss(inputs).loss);
        return loss(inputs);
      },
    });
    expect(() => nested({ x })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LBFGS.step: a step is taken inside of a function that is recorded; every later call would repeat its result of this one call. Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep]`,
    );
    const elsewhere = new Linear(1, 1);
    const unrelated = trainStep({
      model,
      optimizer: new LBFGS(elsewhere.parameters()),
      loss,
    });
    expect(() => unrelated({ x })).toThrow("the loss depends on none of the optimizer's parameters");
  });
});
