import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { bundlePrograms } from "./bundle-programs.js";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-workers-"));
  await bundlePrograms(
    import.meta.dirname,
    {
      "long-training": "loader-workers/long-training.program.ts",
      "long-training.worker": "loader-workers/long-training.worker.ts",
    },
    folder,
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Report {
  readonly taken: number;
  readonly started: number;
  /** In MiB. */
  readonly resident: readonly number[];
  readonly running: number;
  readonly handles: readonly string[];
}

it("10,000 steps with workers hold the memory flat, and leave no worker, no handle and no process", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, "long-training.mjs"), "10000", "2"],
    { encoding: "utf8", timeout: 1_200_000 },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { taken, started, resident, running, handles } = JSON.parse(stdout) as Report;
  expect({ taken, started, running, handles }).toEqual({
    taken: 10_000,
    started: 2,
    running: 0,
    handles: [],
  });
  // A leak of one batch of 12.5 kB in each step would be 98 MiB from the second tenth on. The rest is what garbage collectors put off.
  const warm = resident.slice(1);
  expect(Math.min(...warm.slice(-3)) - Math.min(...warm.slice(0, 3)), String(resident)).toBeLessThan(40);
}, 1_300_000);
