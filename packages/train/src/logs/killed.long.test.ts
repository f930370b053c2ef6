import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readEvents } from "../testing/read-events.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-logs-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("every log", () => {
  it("keeps everything that was logged before the process is killed", async () => {
    const program = `
      import { CsvLog, JsonLinesLog, SummaryWriter } from "@stargrad/train";
      const logs = [new CsvLog("a.csv"), new JsonLinesLog("a.jsonl"), new SummaryWriter(".")];
      for (let step = 1; ; step++) {
        for (const log of logs) log.log(step, { loss: step });
        process.stdout.write(step + "\\n");
      }`;
    const tsx = import.meta.resolve("tsx");
    const child = spawn(
      process.execPath,
      ["--conditions=source", "--import", tsx, "--input-type=module", "--eval", `process.chdir(${JSON.stringify(folder)});${program}`],
      { cwd: fileURLToPath(new URL(".", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
    ); // prettier-ignore
    let output = "";
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.length > 400) child.kill("SIGKILL");
    });
    await once(child, "close");
    const lastStep = Number(output.split("\n").at(-2));
    expect(lastStep).toBeGreaterThan(50);
    const events = readEvents(
      readFileSync(
        join(
          folder,
          readdirSync(folder).find((name) => name.includes("tfevents"))!,
        ),
      ),
    );
    const rows = readFileSync(join(folder, "a.csv"), "utf8").split("\n");
    const lines = readFileSync(join(folder, "a.jsonl"), "utf8").split("\n");
    for (const count of [events.length - 1, rows.length - 2, lines.length - 1])
      expect(count).toBeGreaterThanOrEqual(lastStep);
  });
});
