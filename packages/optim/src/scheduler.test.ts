import { Parameter } from "@stargrad/autograd";
import { tensor, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { AdamW, LBFGS, Scheduler, schedules, SGD, type Schedule } from "./index.js";

const { cosine, exponential, sequential, step, warmUp } = schedules;

function optimizer(...learningRates: number[]): SGD {
  return new SGD(
    learningRates.map((learningRate) => ({ parameters: [new Parameter(zeros([1]))], learningRate })),
  );
}

function learningRates({ groups }: SGD): number[] {
  return groups.map(({ learningRate }) => learningRate);
}

describe("Scheduler", () => {
  it("does not change the optimizer before set", () => {
    const sgd = optimizer(0.5, 4);
    const scheduler = new Scheduler(sgd, warmUp({ steps: 4, start: 0 }));
    expect(learningRates(sgd)).toEqual([0.5, 4]);
    scheduler.set(1);
    expect(learningRates(sgd)).toEqual([0.125, 1]);
    scheduler.set(1);
    expect(learningRates(sgd)).toEqual([0.125, 1]);
    scheduler.set(400);
    expect(learningRates(sgd)).toEqual([0.5, 4]);
  });

  it("takes one schedule for each group", () => {
    const sgd = optimizer(1, 1);
    new Scheduler(sgd, [step({ size: 1, gamma: 0.5 }), exponential({ gamma: 0.25 })]).set(2);
    expect(learningRates(sgd)).toEqual([0.25, 0.0625]);
    const make = (schedule: Schedule[]) => () => new Scheduler(sgd, schedule);
    expect(make([cosine({ steps: 1 })])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Scheduler: got 1 schedules for 2 groups; expected one for each, or one for all]`,
    );
  });

  it("takes whole steps only", () => {
    const scheduler = new Scheduler(optimizer(1), cosine({ steps: 10 }));
    for (const wrong of [-1, 0.5, NaN]) {
      expect(() => {
        scheduler.set(wrong);
      }).toThrow(`Scheduler.set: got the step ${wrong}; expected a whole number of at least 0`);
    }
  });

  // The ways to resume: the scheduler made before the optimizer loads its state, made after it, or loading its own state.
  it.each(["made first", "made last", "loaded"])("resumes without a difference when %s", (way) => {
    const schedule = sequential([warmUp({ steps: 5 }), cosine({ steps: 15, minimum: 0.1 })], [5]);
    const start = () => {
      const parameter = new Parameter(tensor([1, -2], { dtype: "float64" }));
      return { parameter, adam: new AdamW([parameter], { learningRate: 0.1 }) };
    };
    const train = (parameter: Parameter, adam: AdamW, scheduler: Scheduler, from: number, to: number) => {
      for (let k = from; k < to; k++) {
        scheduler.set(k);
        parameter.grad = parameter.detach().mul(k + 1);
        adam.step();
      }
      return parameter.dataSync();
    };
    const whole = start();
    const expected = train(whole.parameter, whole.adam, new Scheduler(whole.adam, schedule), 0, 20);

    const first = start();
    const stopped = new Scheduler(first.adam, schedule);
    const values = train(first.parameter, first.adam, stopped, 0, 12);
    const saved: [Map<string, Tensor>, Map<string, Tensor>] = [first.adam.stateDict(), stopped.stateDict()];

    const second = start();
    second.parameter.assign(tensor(values));
    const early = new Scheduler(second.adam, schedule);
    second.adam.loadStateDict(saved[0]);
    const late = new Scheduler(second.adam, schedule);
    if (way === "loaded") late.loadStateDict(saved[1]);
    const resumed = way === "made first" ? early : late;
    expect(train(second.parameter, second.adam, resumed, 12, 20)).toEqual(expected);
  });

  it("multiplies the learning rate from before scheduling, unless it was given another one", () => {
    const sgd = optimizer(0.5, 4);
    new Scheduler(sgd, exponential({ gamma: 0.5 })).set(3);
    new Scheduler(sgd, exponential({ gamma: 0.5 })).set(1);
    expect(learningRates(sgd)).toEqual([0.25, 2]);
    sgd.groups[1].learningRate = 8;
    new Scheduler(sgd, exponential({ gamma: 0.5 })).set(2);
    expect(learningRates(sgd)).toEqual([0.125, 2]);

    // A state without a scheduled rate removes what was known of an equal one.
    sgd.loadStateDict(optimizer(0.125, 2).stateDict());
    new Scheduler(sgd, exponential({ gamma: 0.5 })).set(1);
    expect(learningRates(sgd)).toEqual([0.0625, 1]);
  });

  it("finds the base of LBFGS after loading too", () => {
    const make = () => new LBFGS([new Parameter(zeros([1]))], { learningRate: 0.5 });
    const [first, second] = [make(), make()];
    new Scheduler(first, exponential({ gamma: 0.5 })).set(3);
    second.loadStateDict(first.stateDict());
    new Scheduler(second, exponential({ gamma: 0.5 })).set(1);
    expect(second.groups[0].learningRate).toBe(0.25);
  });

  it("refuses the state of other groups", () => {
    const scheduler = new Scheduler(optimizer(1), cosine({ steps: 10 }));
    expect(() => {
      scheduler.loadStateDict(new Scheduler(optimizer(1, 2), cosine({ steps: 10 })).stateDict());
    }).toThrowErrorMatchingInlineSnapshot(`
      [ArgumentError: loadStateDict: the state does not fit Scheduler, and nothing was loaded
        learningRates: got float64 [2]; expected float64 [1]]
    `);
  });
});

it("refuses a factor that is no number, and changes no learning rate", () => {
  const groups = [{ learningRate: 1 }, { learningRate: 2 }];
  const scheduler = new Scheduler({ groups }, [() => 0.5, () => undefined as never]);
  expect(() => {
    scheduler.set(1);
  }).toThrow("Scheduler.set: got factor undefined; expected a finite number");
  expect(groups.map(({ learningRate }) => learningRate)).toEqual([1, 2]);
});
