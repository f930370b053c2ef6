import { expect, it } from "vitest";
import { compare } from "./compare.js";
import type { Contestant } from "./contestant.js";
import type { Workload } from "./workload.js";

const workload: Workload = {
  name: "sum",
  task: { kind: "sum" },
  limit: { bytes: 1000 },
  inputs: () => ({}),
};

/** A contestant whose calls return these numbers in turn. */
function giving(name: string, ...numbers: readonly number[]): Contestant {
  let calls = 0;
  return {
    name,
    party: name,
    prepare: () =>
      Promise.resolve({
        run: (times: number) => {
          calls += times;
          return Promise.resolve(times);
        },
        result: () => Promise.resolve([numbers[(calls - 1) % numbers.length]]),
      }),
  };
}

const unable: Contestant = {
  name: "unable",
  party: "unable",
  prepare: () => Promise.reject(new Error("cannot: it has no sum")),
};

it("times contestants that agree with the first one, and reports why it does not time the others", async () => {
  const contestants = [
    giving("first", 1, 2, 3),
    unable,
    giving("wrong", 1, 2, 4),
    giving("close", 1, 2, 3.0001),
  ];
  const rows = await compare(workload, contestants, { warmUp: 1, turn: 1, runs: 1 });
  expect(rows.map(({ engine }) => engine)).toEqual(["limit: copy", "first", "unable", "wrong", "close"]);
  expect(rows[1]).toMatchObject({ timing: { median: 1, runs: 1 } });
  expect(rows[2]).toMatchObject({ failure: "cannot: it has no sum" });
  expect(rows[3]).toMatchObject({
    failure: expect.stringMatching(/^not timed: its numbers at call 3/) as string,
  });
  expect(rows[4]).toMatchObject({ timing: { median: 1 } });
});
