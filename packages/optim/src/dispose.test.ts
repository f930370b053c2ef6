import { Parameter } from "@stargrad/autograd";
import { getEngine, ones, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/tensor/testing";
import { record } from "@stargrad/tensor/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Adam, EMA, LBFGS, SGD } from "./index.js";

const before = getEngine();
let engine: WasmEngine;

beforeEach(() => {
  engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
});

afterEach(() => {
  setEngine(before);
});

describe("an optimizer that is disposed of", () => {
  it("frees its states, and not the parameters", () => {
    const parameter = new Parameter(ones([1000]));
    const live = (): void => {
      using optimizer = new Adam([parameter]);
      for (let step = 0; step < 3; step++) {
        parameter.grad = ones([1000]);
        optimizer.step();
      }
    };
    live();
    const { used } = engine.memory();
    for (let i = 0; i < 20; i++) live();
    expect(engine.memory().used).toBe(used);
    new SGD([parameter], { learningRate: 0.1 }).step();
    expect(parameter.dataSync()[0]).toBeLessThan(1);
  });

  it("throws when it is used", () => {
    const parameter = new Parameter(ones([2]));
    const optimizer = new Adam([parameter]);
    parameter.grad = ones([2]);
    optimizer.step();
    const state = optimizer.stateDict();
    expect(() =>
      record(() => {
        optimizer.dispose();
      }),
    ).toThrow("an optimizer is disposed of inside of a function that is recorded");
    optimizer.dispose();
    optimizer.dispose();
    expect(() => {
      optimizer.step();
    }).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Adam.step: the optimizer has been disposed of, with its state. Create a new one; to keep the state, call stateDict before dispose]`,
    );
    expect(() => optimizer.stateDict()).toThrow("Adam.stateDict: the optimizer has been disposed of");
    expect(() => {
      optimizer.loadStateDict(state);
    }).toThrow("Adam.loadStateDict: the optimizer has been disposed of");
    expect(state.get("groups.0.parameters.0.step")?.itemSync()).toBe(1);
  });

  it("may be one of any kind, or an average of weights", () => {
    const parameter = new Parameter(ones([2]));
    {
      using optimizer = new LBFGS([parameter]);
      optimizer.step(() => parameter.square().sum());
    }
    const average = new EMA([parameter]);
    average.update();
    average.dispose();
    average.dispose();
    expect(() => {
      average.update();
    }).toThrow("which has been disposed of");
    expect(parameter.dataSync()).toHaveLength(2);
  });
});
