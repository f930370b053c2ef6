import { expect, it } from "vitest";
import { ratiosOf } from "./ratios.js";
import type { Row } from "./row.js";

const workload = { name: "sum", task: { kind: "sum" }, limit: { bytes: 1 }, inputs: () => ({}) } as const;

function row(party: string | undefined, median: number): Row {
  const timing = { median, fastest: median, slowest: median, runs: 1 };
  return { workload, engine: "one", ...(party && { party }), timing, share: 1 };
}

it("compares the best of each party, with any number of threads, without the limit", () => {
  const rows: Row[] = [
    row(undefined, 1),
    row("ours", 4),
    row("ours", 2),
    row("theirs", 8),
    { workload, engine: "two", party: "theirs", failure: "cannot" },
    { workload, engine: "unable", party: "unable", failure: "cannot" },
  ];
  expect(ratiosOf(rows)).toEqual([{ party: "ours", other: "theirs", ratio: 0.25 }]);
});
