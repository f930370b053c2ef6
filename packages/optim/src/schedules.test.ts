import { readFileSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { schedules, type Schedule } from "./index.js";

const { constant, cosine, cosineWithRestarts, cyclic, exponential, multiStep, oneCycle, polynomial } =
  schedules;
const { sequential, step, warmUp } = schedules;

// What golden/schedules.py wrote with PyTorch, which goes from step to step where these are closed forms.
const golden = JSON.parse(readFileSync(new URL("../golden/schedules.json", import.meta.url), "utf8")) as {
  steps: number[];
  sequential: number[];
  cases: {
    schedule: Exclude<keyof typeof schedules, "sequential">;
    /** What it is called with. */
    options: object | number;
    factors: number[];
  }[];
};

describe("PyTorch's schedules", () => {
  it.each(golden.cases)("$schedule $options", ({ schedule, options, factors }) => {
    expectFactors((schedules[schedule] as (options: object | number) => Schedule)(options), factors);
  });

  it("sequential", () => {
    const parts = [warmUp({ steps: 20, start: 0.2 }), exponential({ gamma: 0.95 }), cosine({ steps: 300 })];
    expectFactors(sequential(parts, [20, 100]), golden.sequential);
  });

  function expectFactors(schedule: Schedule, factors: readonly number[]): void {
    expect(factors.length).toBeGreaterThan(40);
    for (const [i, factor] of factors.entries()) {
      expect(Math.abs(schedule(golden.steps[i]) - factor), `step ${golden.steps[i]}`).toBeLessThan(1e-12);
    }
  }
});

describe("schedules", () => {
  it("stay constant after their end", () => {
    for (const t of [10, 11, 1000]) {
      expect(warmUp({ steps: 10 })(t)).toBe(1);
      expect(polynomial({ steps: 10, power: 2 })(t)).toBe(0);
      expect(cosine({ steps: 10, minimum: 0.25 })(t)).toBe(0.25);
      expect(oneCycle({ steps: 10, initialDivisor: 4, finalDivisor: 2 })(t)).toBe(1 / 8);
    }
  });

  it("may be constant", () => {
    expect([0, 1, 1000].map(constant(0.5))).toEqual([0.5, 0.5, 0.5]);
    expect(constant()(7)).toBe(1);
  });

  it("restart exactly at the end of the previous period", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 8 }),
        (period, multiplier, restarts) => {
          const schedule = cosineWithRestarts({ period, multiplier });
          let start = 0;
          for (let i = 0; i < restarts; i++) start += period * multiplier ** i;
          expect(schedule(start)).toBe(1);
          if (start > 0) expect(schedule(start - 1)).toBeLessThanOrEqual(period === 1 ? 1 : 0.5);
        },
      ),
    );
  });

  it("are the minimum where cycles meet, and as high as told in between, at every cycle", () => {
    const schedule = cyclic({ climb: 3, fall: 2, minimum: 0.25, cycleGamma: 0.5 });
    expect([0, 3, 5, 8, 10, 13, 5000].map(schedule)).toEqual([0.25, 1, 0.25, 0.625, 0.25, 0.4375, 0.25]);
  });

  it("start at step 0 in a sequence", () => {
    const schedule = sequential(
      [constant(0.5), step({ size: 2, gamma: 0.5 }), multiStep({ milestones: [1] })],
      [2, 5],
    );
    expect([0, 1, 2, 3, 4, 5, 6].map(schedule)).toEqual([0.5, 0.5, 1, 1, 0.5, 1, 0.1]);
  });

  it("stay above 0 and below 1 in a cycle of any length", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.boolean(),
        fc.boolean(),
        (steps, climb, linear, threePhases) => {
          const schedule = oneCycle({ steps, climb, linear, threePhases });
          const factors = Array.from({ length: steps }, (_, t) => schedule(t));
          expect(factors.filter((factor) => !(factor > 0 && factor <= 1 + 1e-12))).toEqual([]);
        },
      ),
    );
  });

  it("check their options, and report their names", () => {
    expect(() => constant(-1)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: constant: got factor -1; expected a finite number of at least 0]`,
    );
    expect(() => warmUp({ steps: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: warmUp: got steps 0; expected a whole number of at least 1]`,
    );
    expect(() => warmUp({ steps: 3, start: NaN })).toThrow("warmUp: got start NaN");
    expect(() => step({ size: 1.5 })).toThrow("step: got size 1.5");
    expect(() => multiStep({ milestones: [], gamma: -1 })).toThrow("multiStep: got gamma -1");
    for (const milestone of [2.5, -1, NaN]) {
      expect(() => multiStep({ milestones: [milestone] })).toThrow(
        `multiStep: got milestones [${milestone}]; expected a list, each element a whole number of at least 0`,
      );
    }
    expect(() => exponential({ gamma: Infinity })).toThrow("exponential: got gamma Infinity");
    expect(() => polynomial({ steps: 3, power: -1 })).toThrow("polynomial: got power -1");
    expect(() => cosine({ steps: -3 })).toThrow("cosine: got steps -3");
    expect(() => cosineWithRestarts({ period: 3, multiplier: 0 })).toThrow("got multiplier 0");
    expect(() => cyclic({ climb: 3, fall: 0, minimum: 0 })).toThrow("cyclic: got fall 0");
    expect(() => cyclic({ climb: 3, minimum: -1 })).toThrow("cyclic: got minimum -1");
    expect(() => oneCycle({ steps: 3, finalDivisor: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: oneCycle: got finalDivisor 0; expected a finite number above 0]`,
    );
    expect(() => oneCycle({ steps: 3, climb: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: oneCycle: got climb 1; expected a number of at least 0 and below 1]`,
    );
    expect(() => oneCycle({ steps: 3, climb: 0.6, threePhases: true })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: oneCycle: got climb 0.6 with three phases; expected at most 0.5]`,
    );
    expect(() => sequential([constant()], [3])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: sequential: got 1 schedules and 1 milestones; expected one milestone fewer than schedules]`,
    );
    expect(() => sequential([constant(), constant(), constant()], [3, 3])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: sequential: got the milestones [3, 3]; expected increasing numbers above 0]`,
    );
  });
});

describe("lists of schedules and milestones", () => {
  const { sequential, multiStep, constant } = schedules;

  it("are what sequential expects", () => {
    const wrong = sequential as (...given: unknown[]) => unknown;
    expect(() => wrong(constant(), constant())).toThrow(
      "sequential: got schedules a function; expected a list of schedules",
    );
    expect(() => wrong([constant(), constant()])).toThrow(
      "sequential: got milestones undefined; expected a list, each element a whole number of at least 0",
    );
    expect(() => wrong([0.1, 0.2], [3])).toThrow(
      "sequential: got schedules [0.1, 0.2]; expected a list of schedules",
    );
  });

  it("are copied", () => {
    const [parts, milestones] = [[constant(1), constant(2)], [3]];
    const made = [sequential(parts, milestones), multiStep({ milestones })];
    const before = made.map((schedule) => schedule(2));
    parts.reverse();
    milestones[0] = 1;
    expect(made.map((schedule) => schedule(2))).toEqual(before);
  });
});
