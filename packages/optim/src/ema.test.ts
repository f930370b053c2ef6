import { readFileSync } from "node:fs";

import { assignAll, backward, Buffer, Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Adam, EMA, LBFGS } from "./index.js";

/** What golden/ema.py wrote with PyTorch: the weights at first and after each step, and the averages after each. */
const golden = JSON.parse(readFileSync(new URL("../golden/ema.json", import.meta.url), "utf8")) as {
  weights: number[][];
  cases: { decay: number; averages: number[][] }[];
};

describe("EMA", () => {
  it.each(golden.cases)("has PyTorch's averages with decay $decay", ({ decay, averages }) => {
    const [start, ...steps] = golden.weights.map((weights) => tensor(weights, { dtype: "float64" }));
    const parameter = new Parameter(start);
    const ema = new EMA([parameter], { decay });
    for (const [step, weights] of steps.entries()) {
      parameter.assign(weights);
      ema.update();
      const got = ema.stateDict().get("averages.0")!.dataSync();
      for (const [i, expected] of averages[step].entries()) {
        expect(Math.abs(got[i] - expected), `step ${step}, element ${i}`).toBeLessThan(1e-12);
      }
    }
  });

  it("is the mean of all weights so far, with smaller weights for older ones", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([start, ...weights], decay) => {
          const parameter = new Parameter(tensor(start, { dtype: "float64" }));
          const ema = new EMA([parameter], { decay });
          for (const weight of weights) {
            parameter.assign(tensor(weight, { dtype: "float64" }));
            ema.update();
          }
          const share = (i: number) => (1 - decay) * decay ** (weights.length - 1 - i);
          const expected = weights.reduce((sum, w, i) => sum + share(i) * w, start * decay ** weights.length);
          expect(ema.stateDict().get("averages.0")!.itemSync()).toBeCloseTo(expected, 10);
        },
      ),
    );
  });

  it("keeps what it began with, however often the weights change", () => {
    const parameter = new Parameter(tensor([1, 2]));
    const ema = new EMA([parameter], { decay: 1 });
    for (let i = 0; i < 5; i++) {
      parameter.assign(parameter.detach().add(10));
      ema.update();
    }
    expect(ema.stateDict().get("averages.0")!.toArraySync()).toEqual([1, 2]);
  });

  it("replaces the weights, and restores them exactly", async () => {
    const parameters = [new Parameter(tensor([0.1, 0.2])), new Parameter(tensor(3, { dtype: "float64" }))];
    const ema = new EMA(parameters, { decay: 0.5 });
    for (const parameter of parameters) parameter.assign(parameter.detach().mul(3));
    ema.update();
    const weights = parameters.map((parameter) => parameter.dataSync());
    const seen = await ema.withAverages(() => parameters.map((parameter) => parameter.toArraySync()));
    expect(seen[1]).toBe(6);
    expect(parameters.map((parameter) => parameter.dataSync())).toEqual(weights);

    await expect(ema.withAverages(() => Promise.reject(new Error("no data")))).rejects.toThrow("no data");
    await expect(
      ema.withAverages(() => {
        parameters[0].assign(zeros([2]));
      }),
    ).rejects.toThrow("assign: EMA.withAverages is still using the parameters. A forgotten await?");
    expect(parameters.map((parameter) => parameter.dataSync())).toEqual(weights);
    expect(ema.stateDict().get("averages.1")!.itemSync()).toBe(6);
  });

  it("refuses to put averages into parameters that contain those of another EMA", async () => {
    const parameter = new Parameter(zeros([1]));
    const [one, other] = [new EMA([parameter]), new EMA([parameter])];
    parameter.assign(tensor([5]));
    const running = one.withAverages(() => Promise.resolve());
    await expect(other.withAverages(() => Promise.resolve())).rejects.toThrow("A forgotten await?");
    await running;
    expect(parameter.toArraySync()).toEqual([5]);
  });

  it("refuses updates while withAverages is running", async () => {
    const ema = new EMA([new Parameter(zeros([1]))]);
    await ema.withAverages(async () => {
      expect(() => {
        ema.update();
      }).toThrowErrorMatchingInlineSnapshot(
        `[ArgumentError: EMA.update: \`withAverages\` is running, so the parameters contain the averages. Await \`withAverages\` first]`,
      );
      await expect(ema.withAverages(() => 1)).rejects.toThrow("EMA.withAverages: `withAverages` is running");
      // A checkpoint that is saved or restored now would have the averages as its weights.
      expect(() => ema.stateDict()).toThrow("EMA.stateDict: `withAverages` is running");
      expect(() => {
        ema.loadStateDict(new Map());
      }).toThrow("EMA.loadStateDict: `withAverages` is running");
    });
    ema.update();
  });

  it("refuses a step of an optimizer while withAverages is not awaited", async () => {
    const [parameter, other] = [new Parameter(tensor([1])), new Parameter(tensor([1]))];
    const ema = new EMA([parameter]);
    const optimizers = [new Adam([parameter]), new LBFGS([parameter])];
    parameter.grad = tensor([1]);
    const evaluation = ema.withAverages(() => Promise.resolve());
    for (const optimizer of optimizers) {
      expect(() => optimizer.step(() => tensor(0))).toThrow(
        ".step: EMA.withAverages is still using the parameters. A forgotten await?",
      );
    }
    other.grad = tensor([1]);
    new Adam([other]).step();
    await evaluation;
    optimizers[0].step(() => tensor(0));
    expect(parameter.itemSync()).not.toBe(1);
  });

  it("does not change training", async () => {
    const train = async (evaluate: boolean) => {
      const parameter = new Parameter(tensor([1, -2]));
      const optimizer = new Adam([parameter], { learningRate: 0.1 });
      const ema = new EMA([parameter], { decay: 0.9 });
      for (let step = 0; step < 10; step++) {
        optimizer.zeroGrad();
        backward(parameter.square().sum());
        optimizer.step();
        ema.update();
        if (evaluate) await ema.withAverages(() => parameter.sum().item());
      }
      return [parameter.dataSync(), ema.stateDict().get("averages.0")!.dataSync()];
    };
    expect(await train(true)).toEqual(await train(false));
  });

  it("keeps no history", () => {
    const parameter = new Parameter(tensor([1]));
    const ema = new EMA([parameter]);
    for (let i = 0; i < 100; i++) ema.update();
    const { node } = ema.stateDict().get("averages.0")!;
    expect(node.operation).toBeNull();
    expect(node.storage).not.toBeNull();
    expect(node.tracked).toBe(false);
  });

  it("averages floating-point buffers with the weights, and copies integers", async () => {
    const parameter = new Parameter(tensor([1, 2]));
    const mean = new Buffer(tensor(4, { dtype: "float64" }));
    const count = new Buffer(tensor(1, { dtype: "int32" }));
    const ema = new EMA([parameter, mean, count], { decay: 0.5 });
    for (let step = 0; step < 2; step++) {
      parameter.assign(parameter.detach().mul(2));
      mean.assign(mean.add(4));
      count.assign(count.add(1));
      assignAll(ema.updates());
    }
    const averages = [[2.75, 5.5], 9, 3];
    expect([...ema.stateDict().values()].map((average) => average.toArraySync())).toEqual(averages);
    const seen = await ema.withAverages(() => [parameter, mean, count].map((v) => v.toArraySync()));
    expect(seen).toEqual(averages);
    expect([parameter, mean, count].map((v) => v.toArraySync())).toEqual([[4, 8], 12, 3]);
  });

  it("resumes from its state, and refuses another", () => {
    const parameter = new Parameter(tensor([1, 2]));
    const ema = new EMA([parameter], { decay: 0.5 });
    const saved = new EMA([new Parameter(tensor([3, 4]))]).stateDict();
    ema.loadStateDict(saved);
    ema.update();
    expect(ema.stateDict().get("averages.0")!.toArraySync()).toEqual([2, 3]);
    expect(() => {
      ema.loadStateDict(new Map([["averages.0", zeros([3])]]));
    }).toThrowErrorMatchingInlineSnapshot(`
      [ArgumentError: loadStateDict: the state does not fit EMA, and nothing was loaded
        averages.0: got float32 [3]; expected float32 [2]]
    `);
    expect(ema.stateDict().get("averages.0")!.toArraySync()).toEqual([2, 3]);
  });

  it("checks its options", () => {
    const parameter = new Parameter(zeros([1]));
    expect(() => new EMA([parameter], { decay: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: EMA: got decay 1.5; expected a number from 0 to 1]`,
    );
    expect(() => new EMA([])).toThrow("EMA: got no parameters");
    expect(() => new EMA([parameter, parameter])).toThrow("EMA: got a parameter twice");
  });
});

it("refuses an assignment to its decay", () => {
  const ema = new EMA([new Parameter(tensor([1]))]);
  expect(() => Object.assign(ema, { decay: 0.5 })).toThrow(
    "EMA: got an assignment to decay, which would have no effect. Construct another EMA",
  );
});
