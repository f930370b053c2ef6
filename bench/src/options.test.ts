import { expect, it } from "vitest";
import { firstSteps } from "./first-steps/cases.js";
import { readOptions } from "./options.js";
import { workloads } from "./workloads/all.js";

const all = { workloads, firstSteps };

it("measures every workload and a cold start 15 times without peers by default", () => {
  expect(readOptions([], all)).toEqual({
    workloads,
    coldStart: true,
    firstSteps: [],
    shapes: false,
    dropped: false,
    loader: false,
    runs: 15,
    threads: 2,
    wideVectors: false,
    peers: "none",
    reference: false,
    json: false,
    history: null,
  });
});

it("reads the file of the history", () => {
  expect(readOptions(["--history", "server.jsonl"], all).history).toBe("server.jsonl");
  expect(() => readOptions(["--history"], all)).toThrow(/--history/);
});

it("chooses workloads by a part of their name", () => {
  const { workloads, peers } = readOptions(["--only", "MLP", "--runs", "5", "--peers"], all);
  expect(workloads.map(({ name }) => name)).toEqual([
    "wide MLP forward 1024-1024-1024-1024, batch 256",
    "tiny MLP step 2-16-16-2, batch 32",
    "digits MLP step 784-256-128-10, batch 128",
    "wide MLP step 1024-1024-1024-1024, batch 256",
  ]);
  expect(peers).toBe("all");
  expect(readOptions(["--torch"], all).peers).toBe("torch");
});

it("measures only depth, shapes, dropped models or the loader if they are requested", () => {
  expect(readOptions(["--depth"], all)).toMatchObject({ firstSteps, workloads: [], coldStart: false });
  expect(readOptions(["--depth", "--only", "stack"], all).firstSteps).toHaveLength(3);
  expect(readOptions(["--shapes", "--dropped"], all)).toMatchObject({
    shapes: true,
    dropped: true,
    firstSteps: [],
    workloads: [],
  });
  expect(readOptions(["--loader"], all)).toMatchObject({ loader: true, workloads: [], coldStart: false });
});

it("throws errors that say what was expected", () => {
  expect(() => readOptions(["--only", "fft"], all)).toThrow(
    /got --only "fft", which matches no name; the names are: matmul/,
  );
  expect(() => readOptions(["--depth", "--only", "fft"], all)).toThrow(
    /the names are: first step: trainStep, 12/,
  );
  expect(() => readOptions(["--runs", "0"], all)).toThrow(/got --runs 0; expected a whole number/);
  expect(() => readOptions(["--threads", "1.5"], all)).toThrow(/got --threads 1.5/);
});
