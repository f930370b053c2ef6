import { assignAll, Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adam, AdamW, NAdam, SGD, type Optimizer } from "./index.js";

/** Everything that a step may change. */
function everything(optimizer: Optimizer) {
  const values = optimizer.groups.flatMap(({ parameters }) => parameters.map((p) => p.dataSync()));
  return [values, new Map([...optimizer.stateDict()].map(([name, value]) => [name, value.dataSync()]))];
}

describe("a step that throws", () => {
  it.each([
    ["at once", 0],
    ["later", 3],
  ])("changes nothing, %s", (_when, steps) => {
    const start = () => {
      const parameters = [new Parameter(tensor([1, 2])), new Parameter(tensor([3]))];
      for (const parameter of parameters) parameter.grad = parameter.detach();
      return { parameters, optimizer: new NAdam(parameters, { learningRate: 0.1 }) };
    };
    const [failing, untroubled] = [start(), start()];
    for (let step = 0; step < steps; step++) {
      failing.optimizer.step();
      untroubled.optimizer.step();
    }
    const before = everything(failing.optimizer);
    const { grad } = failing.parameters[1];
    failing.parameters[1].ownGradient(zeros([2]));
    expect(() => {
      failing.optimizer.step();
    }).toThrow("assign: got the shape [2]");
    expect(everything(failing.optimizer)).toEqual(before);

    failing.parameters[1].grad = grad;
    failing.optimizer.step();
    untroubled.optimizer.step();
    expect(everything(failing.optimizer)).toEqual(everything(untroubled.optimizer));
  });
});

describe("settings that are changed", () => {
  it("take effect in the next step, all of them", () => {
    const parameter = new Parameter(tensor(8));
    parameter.grad = tensor(1);
    const optimizer = new SGD([parameter], { learningRate: 1, momentum: 0.5 });
    const stepTo = (settings: Partial<(typeof optimizer.groups)[0]>) => {
      Object.assign(optimizer.groups[0], settings);
      optimizer.step();
      return parameter.itemSync();
    };
    expect(stepTo({})).toBe(7);
    expect(stepTo({})).toBe(7 - 1.5);
    expect(stepTo({ momentum: 2 })).toBe(5.5 - 4);
    expect(stepTo({ dampening: 0.5 })).toBe(1.5 - 8.5);
    expect(stepTo({ momentum: 0 })).toBe(-7 - 1);
    expect(stepTo({ weightDecay: 0.5 })).toBe(-8 + 3);
    expect(stepTo({ weightDecay: 1 })).toBe(-5 + 4);
    expect(stepTo({ maximize: true })).toBe(-1 + 2);
    expect(stepTo({ learningRate: 0.5, weightDecay: 0, maximize: false })).toBe(1 - 0.5);
  });

  it("may add to the state", () => {
    const parameter = new Parameter(tensor(1));
    parameter.grad = tensor(1);
    const optimizer = new Adam([parameter]);
    optimizer.step();
    optimizer.groups[0].amsgrad = true;
    const largest = () => optimizer.stateDict().get("groups.0.parameters.0.maxSecondMoment")!.itemSync();
    expect(largest()).toBe(0);
    optimizer.step();
    expect(largest()).toBeGreaterThan(0);
  });
});

describe("a state dict", () => {
  it("does not change while training continues", () => {
    const parameter = new Parameter(tensor([1, 2]));
    parameter.grad = tensor([1, -1]);
    const optimizer = new AdamW([parameter]);
    optimizer.step();
    const state = optimizer.stateDict();
    const before = [...state.values()].map((value) => value.dataSync());
    for (let step = 0; step < 5; step++) optimizer.step();
    expect([...state.values()].map((value) => value.dataSync())).toEqual(before);
  });

  it("of an optimizer without steps resets another one", () => {
    const start = () => {
      const parameter = new Parameter(tensor([1, 2]));
      parameter.grad = tensor([1, -1]);
      return { parameter, optimizer: new Adam([parameter]) };
    };
    const [used, fresh] = [start(), start()];
    const blank = used.optimizer.stateDict();
    for (let step = 0; step < 3; step++) used.optimizer.step();
    used.optimizer.loadStateDict(blank);
    used.parameter.assign(fresh.parameter.detach());
    used.optimizer.step();
    fresh.optimizer.step();
    expect(everything(used.optimizer)).toEqual(everything(fresh.optimizer));
  });
});

describe("advance", () => {
  const start = () => {
    const parameters = [1, 2, 3].map((value) => new Parameter(tensor(value)));
    for (const parameter of parameters) parameter.grad = tensor(1);
    return { parameters, optimizer: new SGD(parameters, { learningRate: 1 }) };
  };
  const steps = (optimizer: Optimizer) =>
    [0, 1, 2].map((i) => optimizer.stateDict().get(`groups.0.parameters.${i}.step`)!.itemSync());

  it("takes a step of the given parameters that belong to the optimizer", () => {
    const { parameters, optimizer } = start();
    const stranger = new Parameter(tensor(4));
    optimizer.advance([parameters[2], stranger, parameters[0]], (updates) => {
      assignAll(updates());
    });
    expect(parameters.map((parameter) => parameter.itemSync())).toEqual([0, 2, 2]);
    expect(steps(optimizer)).toEqual([1, 0, 1]);
  });

  it("counts a step that the caller takes", () => {
    const { parameters, optimizer } = start();
    for (const parameter of parameters) parameter.grad = null;
    const taken = optimizer.advance(parameters, () => {
      parameters[0].assign(tensor(7));
      return "taken";
    });
    expect(taken).toBe("taken");
    expect(steps(optimizer)).toEqual([1, 1, 1]);
  });

  it("builds no updates without gradients", () => {
    const { parameters, optimizer } = start();
    parameters[1].grad = null;
    expect(() => {
      optimizer.advance(parameters, (updates) => {
        assignAll(updates());
      });
    }).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD.advance: got the parameter of shape [], which has no gradient. Call \`backward\` first, or leave it out]`,
    );
    expect(steps(optimizer)).toEqual([0, 0, 0]);
  });
});
