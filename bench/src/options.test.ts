import { expect, it } from "vitest";
import { readOptions } from "./options.js";
import { workloads } from "./workloads/all.js";

it("measures everything 15 times without peers by default", () => {
  expect(readOptions([], workloads)).toEqual({
    workloads,
    coldStart: true,
    runs: 15,
    threads: 2,
    wideVectors: false,
    peers: false,
    reference: false,
    json: false,
  });
});

it("chooses workloads by a part of their name", () => {
  const names = readOptions(["--only", "MLP", "--runs", "5", "--peers"], workloads).workloads.map(
    ({ name }) => name,
  );
  expect(names).toEqual([
    "tiny MLP step 2-16-16-2, batch 32",
    "digits MLP step 784-256-128-10, batch 128",
    "wide MLP step 1024-1024-1024-1024, batch 256",
  ]);
});

it("says what it expected", () => {
  expect(() => readOptions(["--only", "fft"], workloads)).toThrow(
    /no workload is named like "fft"; there are: matmul/,
  );
  expect(() => readOptions(["--runs", "0"], workloads)).toThrow(/got --runs 0; expected a whole number/);
  expect(() => readOptions(["--threads", "1.5"], workloads)).toThrow(/got --threads 1.5/);
});
