import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as files from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, it, vi } from "vitest";

it("of a killed process is taken over by one of several", async () => {
  const folder = await files.mkdtemp(join(tmpdir(), "stargrad-lock-"));
  const path = join(folder, "run");
  const script = `
      import { tryLock } from ${JSON.stringify(new URL("./file-lock.ts", import.meta.url).href)};
      process.stdout.write("ready");
      process.stdin.once("data", async () => {
        const lock = await tryLock(${JSON.stringify(path)}, "test");
        process.stdout.write("release" in lock ? "+" : "-");
        process.stdin.once("data", () => process.exit(0));
      });`;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const flags = ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", script];
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, flags, { cwd, stdio: ["pipe", "pipe", "inherit"] }),
  );
  const told = children.map(() => "");
  for (const [i, { stdout }] of children.entries()) stdout.on("data", (data) => (told[i] += String(data)));
  const patience = { timeout: 60_000, interval: 2 };
  await vi.waitUntil(() => told.every((each) => each === "ready"), patience);
  await files.writeFile(`${path}.lock`, `${spawnSync(process.execPath, ["--version"]).pid} ${hostname()}\n`);
  for (const { stdin } of children) stdin.write("go");
  await vi.waitUntil(() => told.every((each) => each.length === 6), patience);
  expect(told.filter((each) => each.endsWith("+"))).toHaveLength(1);
  const exits = children.map((child) => once(child, "exit"));
  for (const { stdin } of children) stdin.write("end");
  await Promise.all(exits);
  await files.rm(folder, { recursive: true });
}, 120_000);
