import { spawnSync } from "node:child_process";
import * as files from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { lockFile, tryLock } from "./file-lock.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await files.mkdtemp(join(tmpdir(), "stargrad-lock-"));
  path = join(folder, "run");
});
afterEach(async () => {
  vi.restoreAllMocks();
  await files.rm(folder, { recursive: true });
});

/** The number of a process that has ended. */
const ended = () => spawnSync(process.execPath, ["--version"]).pid;
const lockOf = (pid: number) => `${pid} ${hostname()}\n`;

describe("a lock", () => {
  it("of a process that has ended is taken over, and nothing else is left", async () => {
    await files.writeFile(`${path}.lock`, lockOf(ended()));
    const release = await lockFile(path);
    expect(await files.readFile(`${path}.lock`, "utf8")).toBe(lockOf(process.pid));
    expect(await files.readdir(folder)).toEqual(["run.lock"]);
    await release();
    expect(await files.readdir(folder)).toEqual([]);
  });

  it("is not taken from a process that was faster to take it over", async () => {
    const old = lockOf(ended());
    await files.writeFile(`${path}.lock`, lockOf(process.ppid));
    // As it was when this process has looked for the first time.
    vi.spyOn(process.getBuiltinModule("node:fs/promises"), "readFile").mockResolvedValueOnce(old);
    await expect(lockFile(path, "test")).rejects.toThrow("test: is in use by another process");
    expect(await files.readFile(`${path}.lock`, "utf8")).toBe(lockOf(process.ppid));
    expect(await files.readdir(folder)).toEqual(["run.lock"]);
  });

  it("that another process takes over is in use, unless that one has ended, too", async () => {
    await files.writeFile(`${path}.lock`, lockOf(ended()));
    await files.writeFile(`${path}.lock.left`, lockOf(process.ppid));
    for (let times = 0; times < 2; times++) {
      expect(await tryLock(path, "test")).toEqual({ user: "another process", file: `${path}.lock` });
    }
    await files.writeFile(`${path}.lock.left`, lockOf(ended()));
    expect(await tryLock(path, "test")).toMatchObject({ user: "another process" });
    expect(await tryLock(path, "test")).toHaveProperty("release");
  });
});
