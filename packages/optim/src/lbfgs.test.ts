import { readFileSync } from "node:fs";

import { backward, Parameter } from "@stargrad/autograd";
import { concat, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it, vi } from "vitest";

import { LBFGS, type LBFGSOptions } from "./index.js";

// What golden/lbfgs.py wrote with PyTorch: the loss before and the parameters after each step, and how often the closure
// was called.
const golden = JSON.parse(readFileSync(new URL("../golden/lbfgs.json", import.meta.url), "utf8")) as {
  start: [number[], number[]];
  cases: { loss: LossName; options: LBFGSOptions; calls: number; losses: number[]; values: number[][] }[];
};

type LossName = "valley" | "steep" | "stiff";

/** The losses of golden/lbfgs.py. */
const losses: Record<LossName, (z: Tensor) => Tensor> = {
  valley: (z) => valley(z, 10),
  steep: (z) => valley(z, 100),
  stiff: (z) =>
    tensor([1, 7, 50, 400, 3e3, 2e4, 1.5e5, 1e6], { dtype: z.dtype }).mul(z.sub(1).square()).sum(),
};

function valley(z: Tensor, steepness: number): Tensor {
  const [head, tail] = [z.narrow(0, 0, 7), z.narrow(0, 1, 7)];
  return tail.sub(head.square()).square().mul(steepness).add(head.sub(1).square()).sum();
}

function problem(dtype: "float32" | "float64" = "float64", name: LossName = "valley") {
  const x = new Parameter(tensor(golden.start[0], { dtype }));
  const y = new Parameter(tensor(golden.start[1], { dtype }).reshape([2, 2]));
  const loss = (step = 0) => {
    const z = concat([x, y.flatten()], { axis: 0 });
    return losses[name](z).mul(1 + 0.1 * (step % 3));
  };
  return { parameters: [x, y] as const, loss, values: () => [...x.dataSync(), ...y.dataSync()] };
}

/** Relative, and absolute below 1. */
function errorOf(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}

function closureOf(optimizer: LBFGS, loss: () => Tensor): () => Tensor {
  return () => {
    optimizer.zeroGrad();
    const value = loss();
    backward(value);
    return value;
  };
}

describe("LBFGS", () => {
  it.each(golden.cases)("has PyTorch's numbers on $loss with $options", (golden) => {
    const { options, calls, losses, values } = golden;
    const { parameters, loss, values: current } = problem("float64", golden.loss);
    const optimizer = new LBFGS(parameters, options);
    // Dozens of iterations along a steep valley multiply the rounding of sums.
    const tolerance = golden.loss === "steep" ? 1e-7 : 1e-10;
    let called = 0;
    for (const [step, expected] of values.entries()) {
      const closure = closureOf(optimizer, () => {
        called++;
        return loss(step);
      });
      expect(errorOf(optimizer.step(closure), losses[step]), `loss ${step}`).toBeLessThan(tolerance);
      for (const [i, value] of current().entries()) {
        expect(errorOf(value, expected[i]), `step ${step}, element ${i}`).toBeLessThan(tolerance);
      }
    }
    expect(called).toBe(calls);
  });

  it("finds the bottom of the valley in float32 too", () => {
    const { parameters, loss, values } = problem("float32");
    const optimizer = new LBFGS(parameters, { strongWolfe: true, maxIterations: 100 });
    optimizer.step(closureOf(optimizer, loss));
    for (const value of values()) expect(value).toBeCloseTo(1, 3);
    expect(parameters[0].dtype).toBe("float32");
  });

  it("stays at a minimum, and does not change parameters without a gradient", () => {
    const [moved, other] = [new Parameter(tensor([3])), new Parameter(tensor([5]))];
    const optimizer = new LBFGS([moved, other]);
    const closure = closureOf(optimizer, () => moved.square().sum());
    expect(optimizer.step(closure)).toBe(9);
    expect(moved.itemSync()).toBeCloseTo(0, 6);
    expect(other.itemSync()).toBe(5);
    moved.assign(tensor([0]));
    expect(optimizer.step(closure)).toBe(0);
    expect(moved.itemSync()).toBe(0);
  });

  it.each([false, true])(
    "goes on to the same bits as if it had never stopped (strongWolfe %s)",
    (strongWolfe) => {
      const options = { strongWolfe, maxIterations: 2, learningRate: 0.5, historySize: 3 };
      const start = () => {
        const { parameters, loss, values } = problem();
        const optimizer = new LBFGS(parameters, options);
        const train = (steps: number) => {
          for (let step = 0; step < steps; step++) optimizer.step(closureOf(optimizer, loss));
          return values();
        };
        return { parameters, optimizer, train };
      };
      const expected = start().train(7);
      const first = start();
      first.train(4);
      const second = start();
      for (const [i, parameter] of second.parameters.entries()) {
        parameter.assign(tensor(first.parameters[i].dataSync(), { shape: parameter.shape }));
      }
      second.optimizer.groups[0].learningRate = 123;
      second.optimizer.loadStateDict(first.optimizer.stateDict());
      expect(second.train(3)).toEqual(expected);
    },
  );

  it("can be saved before its first step", () => {
    const { parameters } = problem();
    const state = new LBFGS(parameters, { historySize: 7 }).stateDict();
    const optimizer = new LBFGS(parameters);
    optimizer.loadStateDict(state);
    expect(optimizer.groups[0].historySize).toBe(7);
  });

  it("refuses a state that does not fit, and changes nothing", () => {
    const { parameters, loss } = problem();
    const optimizer = new LBFGS(parameters, { maxIterations: 2 });
    optimizer.step(closureOf(optimizer, loss));
    const state = optimizer.stateDict();
    state.set("direction", tensor([1]));
    state.set("groups.0.learningRate", tensor(0.5, { dtype: "float64" }));
    state.delete("s.0");
    expect(() => {
      optimizer.loadStateDict(state);
    }).toThrowErrorMatchingInlineSnapshot(`
      [ArgumentError: loadStateDict: the state does not fit LBFGS, and nothing was loaded
        direction: got float32 [1]; expected float64 [8]]
    `);
    expect(optimizer.groups[0].learningRate).toBe(1);
  });

  it("checks its options", () => {
    const make = (options: LBFGSOptions) => () => new LBFGS(problem().parameters, options);
    expect(make({ historySize: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LBFGS: got historySize 0; expected a whole number of at least 1]`,
    );
    expect(make({ maxIterations: 1.5 })).toThrow("LBFGS: got maxIterations 1.5");
    expect(make({ learningRate: -1 })).toThrow("LBFGS: got learningRate -1");
    expect(() => new LBFGS([])).toThrow("LBFGS: got no parameters");
  });

  it("changes nothing if a step fails", () => {
    const { parameters, loss, values } = problem();
    const optimizer = new LBFGS(parameters, { learningRate: 0.05, maxIterations: 3 });
    optimizer.step(closureOf(optimizer, loss));
    const [before, state] = [values(), optimizer.stateDict()];
    let evaluations = 0;
    const failing = closureOf(optimizer, () => {
      evaluations++;
      if (evaluations === 3) throw new Error("in vain");
      return loss();
    });
    expect(() => optimizer.step(failing)).toThrow("in vain");
    const diverging = closureOf(optimizer, () => loss().mul(evaluations++ < 4 ? 1 : Infinity));
    expect(() => optimizer.step(diverging)).toThrowErrorMatchingInlineSnapshot(
      `[StargradError: LBFGS.step: the loss became Infinity; the parameters are those before the step. Lower the learning rate, or use a line search: { strongWolfe: true }]`,
    );
    expect(values()).toEqual(before);
    for (const [name, value] of optimizer.stateDict()) {
      expect(value.dataSync(), name).toEqual(state.get(name)?.dataSync());
    }
  });

  it("requires its closure", () => {
    const optimizer = new LBFGS(problem().parameters);
    // @ts-expect-error TypeScript sees it too
    expect(() => optimizer.step()).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LBFGS.step: got no closure; expected a function that computes the loss, calls \`backward\` and returns the loss]`,
    );
  });

  it("warns once if its closure leaves no gradient, but not for frozen parameters", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { parameters, loss } = problem();
    const optimizer = new LBFGS(parameters);
    optimizer.step(() => loss());
    optimizer.step(() => loss());
    expect(warn.mock.calls).toEqual([
      [
        "LBFGS.step: none of the 2 parameters has a gradient, so nothing changes. Call `backward` with a loss that depends on them before `step`, and `zeroGrad` after it.",
      ],
    ]);
    for (const parameter of parameters) parameter.requiresGradient = false;
    new LBFGS(parameters).step(() => loss());
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
