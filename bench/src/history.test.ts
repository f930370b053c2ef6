import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { openHistory, type Circumstances } from "./history.js";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "history-"));
  file = join(folder, "server.jsonl");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const lines = () =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Circumstances & { workload: string });

describe("openHistory", () => {
  it("appends a line for each record, and keeps the lines of earlier runs", () => {
    const machine = { cpu: "Example 9000", cores: 2, node: "v20.19.0" };
    openHistory(file, { date: "2026-01-01T00:00:00Z", commit: "abc", machine }).append([
      { workload: "matmul", median: 1.5 },
      { workload: "softmax", failure: "cannot" },
    ]);
    openHistory(file, { date: "2026-01-02T00:00:00Z", commit: "def+", machine }).append([
      { workload: "sum" },
    ]);
    expect(lines()).toEqual([
      { date: "2026-01-01T00:00:00Z", commit: "abc", machine, workload: "matmul", median: 1.5 },
      { date: "2026-01-01T00:00:00Z", commit: "abc", machine, workload: "softmax", failure: "cannot" },
      { date: "2026-01-02T00:00:00Z", commit: "def+", machine, workload: "sum" },
    ]);
  });

  it("records the date, the commit and the machine", () => {
    openHistory(file).append([{}]);
    const [{ date, commit, machine }] = lines();
    expect(Number.isNaN(Date.parse(date))).toBe(false);
    expect(commit === null || /^[0-9a-f]{12}\+?$/.test(commit)).toBe(true);
    expect(machine).toEqual({
      cpu: expect.any(String) as string,
      cores: expect.any(Number) as number,
      node: process.version,
    });
  });

  it("throws at once if the file cannot be written", () => {
    expect(() => openHistory(join(folder, "missing", "x.jsonl"))).toThrow(/ENOENT/);
  });
});
