import { Parameter } from "@stargrad/autograd";
import { zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adam, LBFGS, SGD, type SGDOptions } from "./index.js";

describe("groups", () => {
  it("take omitted options from the optimizer, then from the defaults", () => {
    const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1]))];
    const optimizer = new Adam([{ parameters: [a] }, { parameters: new Set([b]), epsilon: 1 }], {
      epsilon: 0.1,
    });
    expect(optimizer.groups.map(({ epsilon, learningRate }) => [epsilon, learningRate])).toEqual([
      [0.1, 0.001],
      [1, 0.001],
    ]);
    expect(optimizer.groups[1].parameters).toEqual([b]);
  });

  it("may have a name, which is no option and not saved", () => {
    const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1]))];
    const groups = [{ parameters: [a], name: "decay", weightDecay: 0.1 }, { parameters: [b] }];
    const optimizer = new Adam(groups);
    expect(optimizer.groups.map(({ name }) => name)).toEqual(["decay", undefined]);
    expect([...optimizer.stateDict().keys()].filter((key) => key.endsWith("name"))).toEqual([]);
    optimizer.loadStateDict(new Adam([{ parameters: [a] }, { parameters: [b] }]).stateDict());
    expect(optimizer.groups[0].name).toBe("decay");
    const whole = new LBFGS([{ parameters: [a], name: "all" } as never]);
    whole.loadStateDict(whole.stateDict());
    expect(() => new Adam([{ parameters: [a], label: "x" } as never])).toThrow("unknown option label");
  });

  it("must consist of parameters, each once", () => {
    const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1]))];
    const make = (source: unknown) => () => new SGD(source as Parameter[]);
    expect(make([])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got no parameters; expected at least one, such as model.parameters(). A model finds parameters in public fields and arrays, not in private fields (#layer), Maps or plain objects]`,
    );
    expect(make([a, b, a])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got a parameter twice; expected each once, in one group]`,
    );
    expect(make([{ parameters: [a, b] }, { parameters: [b] }])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got a parameter twice; expected each once, in one group]`,
    );
    expect(make([a, { parameters: [b] }])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got a tensor among the parameters; expected all to be Parameters, or all { parameters, …options }. Pass model.parameters()]`,
    );
    expect(make([zeros([1])])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got a tensor among the parameters; expected all to be Parameters, or all { parameters, …options }. Pass model.parameters()]`,
    );
    expect(make([{ parameters: [zeros([1])] }])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got a tensor among the parameters. Pass model.parameters()]`,
    );
  });

  it("have only options of the optimizer", () => {
    const parameters = [new Parameter(zeros([1]))];
    const options: SGDOptions = { ...({ lr: 0.1 } as object) };
    expect(() => new SGD(parameters, options)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got the unknown option lr; expected learningRate, momentum, dampening, nesterov, weightDecay, maximize. Did you mean learningRate?]`,
    );
    expect(() => new SGD([{ parameters, ...options }])).toThrow("got the unknown option lr");
  });
});
