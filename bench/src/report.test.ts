import { expect, it } from "vitest";
import { firstStepRecord, firstStepTable, growthTable, heading, rowRecord, table } from "./report.js";
import type { Row } from "./row.js";
import type { Workload } from "./workload.js";

const workload: Workload = {
  name: "matmul 100×100×100",
  task: { kind: "matmul", transposeA: false, transposeB: false },
  limit: { operations: 2e6 },
  inputs: () => ({}),
};
const timing = { median: 0.05, fastest: 0.04, slowest: 1.25, runs: 15 };
const row: Row = { workload, engine: "wasm", timing, share: 0.8 };

it("aligns the columns of a table under their headings", () => {
  const lines = table(workload, [row, { workload, engine: "tfjs", failure: "cannot" }]).split("\n");
  expect(lines[0]).toBe("matmul 100×100×100");
  expect(lines[1]).toHaveLength(heading.length + 2);
  expect(lines[1].split(/ {2,}/).filter(Boolean)).toEqual([
    "wasm",
    "0.0500",
    "0.0400",
    "1.25",
    "40.0 GFLOP/s",
    "80 %",
  ]);
  expect(lines[2]).toMatch(/^ {2}tfjs +cannot$/);
});

it("prints the ratio of the best times of two parties, if both took part", () => {
  const ours = { ...row, party: "ours" };
  const theirs = {
    workload,
    engine: "torch",
    party: "torch",
    timing: { ...timing, median: 0.1 },
    share: 0.4,
  };
  expect(table(workload, [row, ours, theirs]).split("\n")[4]).toBe(
    "    best of ours / best of torch: 0.500 ×",
  );
});

it("prints first steps and their growth", () => {
  const step = {
    name: "first step: chain of 5",
    family: "chain",
    task: { kind: "chain", operations: 5 },
  } as const;
  const rows = [
    { step, engine: "ours, 1 thread", party: "ours", timing },
    { step, engine: "theirs, 1 thread", party: "theirs", failure: "cannot" },
  ];
  expect(
    firstStepTable(rows)
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/)),
  ).toEqual([
    ["first step: chain of 5"],
    ["ours, 1 thread", "0.0500", "0.0400", "1.25"],
    ["theirs, 1 thread", "cannot"],
  ]);
  expect(firstStepRecord(rows[0])).toEqual({
    firstStep: step.name,
    engine: "ours, 1 thread",
    ...timing,
  });
  expect(growthTable([{ family: "chain", party: "ours", best: [2, 5], factors: [2.5] }])).toMatch(
    /chain, ours +2.00 → 5.00 ms: 2.50 ×$/,
  );
});

it("makes a record of each row for programs", () => {
  expect(rowRecord(row)).toEqual({
    workload: "matmul 100×100×100",
    engine: "wasm",
    ...timing,
    rate: 40,
    unit: "GFLOP/s",
    share: 0.8,
  });
  expect(rowRecord({ workload, engine: "tfjs", failure: "cannot" })).toMatchObject({
    failure: "cannot",
  });
});

it("gives rates in bytes for workloads that are limited by bytes", () => {
  const moved = { ...workload, limit: { bytes: 5e6 } };
  expect(rowRecord({ ...row, workload: moved })).toMatchObject({ rate: 100, unit: "GB/s" });
});
