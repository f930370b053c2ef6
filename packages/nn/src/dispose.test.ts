import { backward } from "@stargrad/autograd";
import { getEngine, ones, setEngine, type Tensor } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BatchNorm1d, Linear, Module, mseLoss, Sequential } from "./index.js";

const before = getEngine();
let engine: WasmEngine;

beforeEach(() => {
  engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
});

afterEach(() => {
  setEngine(before);
});

const x = ones([4, 8]);

/** Two plain steps of gradient descent, without an optimizer. */
function train(model: Sequential): number {
  let loss = 0;
  for (let step = 0; step < 2; step++) {
    const mistake = mseLoss(model.forward(x), x);
    backward(mistake);
    for (const parameter of model.parameters()) {
      if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.1)).detach());
      parameter.grad = null;
    }
    loss = mistake.itemSync();
  }
  return loss;
}

function makeModel(): Sequential {
  return new Sequential(new Linear(8, 8), new BatchNorm1d(8), new Linear(8, 8));
}

describe("a module that is disposed of", () => {
  it("frees its parameters, buffers and gradients, and those of the modules inside", () => {
    const use = (model: Sequential): void => {
      train(model);
      backward(model.forward(x).sum());
      expect(model.parameters().some(({ grad }) => grad !== null)).toBe(true);
    };
    const first = makeModel();
    use(first);
    first.dispose();
    const { used } = engine.memory();
    for (let i = 0; i < 20; i++) {
      using model = makeModel();
      use(model);
    }
    expect(engine.memory().used).toBe(used);
    expect(first.parameters().every(({ grad, isDisposed }) => grad === null && isDisposed)).toBe(true);
  });

  it("does not affect pending statistics of another module that depend on it", () => {
    const [teacher, norm] = [new Linear(8, 8), new BatchNorm1d(8)];
    const expected = new BatchNorm1d(8);
    expected.forward(teacher.forward(x)).dataSync();
    norm.forward(teacher.forward(x));
    teacher.dispose();
    expect(norm.numBatchesTracked?.itemSync()).toBe(1);
    expect(norm.runningMean?.dataSync()).toEqual(expected.runningMean?.dataSync());
  });

  it("throws an error that names a parameter when it is used", () => {
    const model = makeModel();
    const pending = model.forward(x);
    model.dispose();
    model.dispose();
    expect(() => model.forward(x).dataSync()).toThrow(/got the (parameter|buffer) [0-2]\.\w+ \[8/);
    expect(() => pending.dataSync()).toThrow(/got the (parameter|buffer) [0-2]\.\w+ \[8/);
    expect(() => model.stateDict()).toThrow("which has been disposed of");
    expect(() => {
      model.loadStateDict(makeModel().stateDict());
    }).toThrow("which has been disposed of");
  });

  it("does not affect its saved state", () => {
    const model = makeModel();
    const loss = train(model);
    const state = model.stateDict();
    const [weight] = state.values();
    const values = weight.dataSync();
    model.dispose();
    train(makeModel());
    expect(weight.dataSync()).toEqual(values);
    const other = makeModel();
    other.loadStateDict(state);
    expect(train(other)).toBeLessThan(loss);
  });

  it("disposes of shared parameters once, and not of the other parameters of other modules", () => {
    class Tied extends Module {
      readonly layer: Linear;
      readonly again: Linear;
      readonly own = new Linear(2, 2);

      constructor(layer: Linear) {
        super();
        this.layer = layer;
        this.again = layer;
      }

      override forward(x: Tensor): Tensor {
        return this.again.forward(this.layer.forward(x));
      }
    }
    const shared = new Linear(8, 8);
    const [one, other] = [new Tied(shared), new Tied(shared)];
    one.dispose();
    expect(() => other.forward(x).dataSync()).toThrow("got the parameter layer.weight [8, 8]");
    expect(other.own.forward(ones([1, 2])).dataSync()).toHaveLength(2);
    other.dispose();
  });
});
