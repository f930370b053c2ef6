import { expect, it } from "vitest";
import { growthOf } from "./growth.js";
import type { FirstStepRow } from "./measure-first-steps.js";

function row(family: string, operations: number, party: string, fastest: number | null): FirstStepRow {
  const step = steps.get(operations)!(family);
  if (fastest === null) return { step, engine: party, party, failure: "cannot" };
  return { step, engine: party, party, timing: { fastest, median: 2 * fastest, slowest: 9, runs: 3 } };
}

const known = new Map<string, FirstStepRow["step"]>();
const steps = new Map(
  [10, 20, 40].map((operations) => [
    operations,
    (family: string) => {
      const name = `${family} of ${operations}`;
      const step = known.get(name) ?? { name, family, task: { kind: "chain", operations } };
      known.set(name, step);
      return step;
    },
  ]),
);

it("compares each party's fastest run with its fastest run of the previous length", () => {
  const rows = [
    row("chain", 10, "ours", 3),
    row("chain", 10, "ours", 2),
    row("chain", 10, "theirs", 1),
    row("chain", 20, "ours", 4),
    row("chain", 20, "ours", 5),
    row("chain", 20, "theirs", null),
    row("chain", 40, "ours", 10),
    row("chain", 40, "ours", null),
    row("chain", 40, "theirs", 4),
    row("alone", 10, "ours", 7),
  ];
  expect(growthOf(rows)).toEqual([{ family: "chain", party: "ours", best: [2, 4, 10], factors: [2, 2.5] }]);
});
