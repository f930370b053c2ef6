import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { encodeIdx } from "@stargrad/datasets";
import { sized } from "@stargrad/graph/testing";
import { Generator } from "@stargrad/tensor";
import { loadCheckpoint } from "@stargrad/train";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectErrorMessage, interruptIn, runIn } from "../testing/command-line.js";

let folder: string;
const file = (...names: string[]): string => join(folder, ...names);

/** Commands whose runs have so many steps that they cannot end before Ctrl-C is noticed. */
const commands = {
  csv: ["--data", "flowers.csv", "--epochs", "300", "--batch-size", "16"],
  digits: ["--data", "digits", "--epochs", "15", "--batch-size", "1"],
  text: ["--data", "text", "--steps", "1000", "--layers", "1", "--width", "8", "--heads", "1", "--context", "4", "--batch-size", "2", "--every", "600"], // prettier-ignore
} as const;
const names = (Object.keys(commands) as (keyof typeof commands)[]).slice(0, sized({ short: 1, long: 3 }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-interrupted-"));
  const noise = new Generator(1);
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${((i % 3) + noise.uniform()).toFixed(3)},kind ${i % 3}`,
  );
  await writeFile(file("flowers.csv"), `size,kind\n${rows.join("\n")}\n`);
  await writeFile(file("text"), "The cat sat on the mat. ".repeat(20));
  await mkdir(file("digits"));
  for (const [name, count] of [
    ["train", 60],
    ["t10k", 20],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    const data = Uint8Array.from({ length: 784 * count }, (_, at) =>
      Math.floor((at % 784) / 78.4) === labels[Math.floor(at / 784)] ? 200 : 60 * noise.uniform(),
    );
    await writeFile(file("digits", `${name}-images-idx3-ubyte`), encodeIdx({ shape: [count, 28, 28], data }));
    await writeFile(file("digits", `${name}-labels-idx1-ubyte`), encodeIdx({ shape: [count], data: labels }));
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The path of the newest checkpoint of a run. */
async function newestIn(run: string): Promise<string> {
  const found = (await readdir(file(run))).filter((name) => name.endsWith(".safetensors")).sort();
  return file(run, found.at(-1) ?? "none");
}

describe.each(names)("Ctrl-C in the middle of %s", (name) => {
  it("saves it and ends with 130, in a terminal and without, and the resumed run ends with the same bits", async () => {
    const whole = await runIn(folder, name, ...commands[name], "--run", `${name}-whole`);
    expect(whole.status).toBe(0);
    const bytes = await readFile(await newestIn(`${name}-whole`));
    for (const inTerminal of [false, true]) {
      const run = `${name}-${inTerminal ? "terminal" : "pipe"}`;
      const args = [name, ...commands[name], "--run", run, ...(inTerminal ? [] : ["--json"])];
      const after = inTerminal ? /█|░/ : name === "csv" ? /"event":"epoch"/ : /"event":"step"/;
      const stopped = await interruptIn(folder, args, { after, inTerminal });
      expect(stopped.status).toBe(130);
      const told = inTerminal ? stopped.stdout.replaceAll(/\r?\n/g, " ") : stopped.stderr;
      expect(told).toContain("the run is saved after this step. Press it again to end at once.");
      expect(told).toContain(`Stopped and saved. Go on with: ${name} --resume ./${run}`);
      // The cursor is shown again.
      if (inTerminal) expect(stopped.stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stopped.stdout.lastIndexOf("\u001b[?25l")); // prettier-ignore
      const { loader } = await loadCheckpoint(await newestIn(run));
      expect(loader!.epoch + loader!.position).toBeGreaterThan(0);
      expect(await readFile(await newestIn(run))).not.toEqual(bytes);

      const resumed = await runIn(folder, name, "--resume", `./${run}`);
      expect([resumed.status, resumed.stderr]).toEqual([0, ""]);
      expect((await readFile(await newestIn(run))).equals(bytes)).toBe(true);
    }
  });

  it("is told as an error, and not as saved, if it cannot be saved", async () => {
    const run = `${name}-gone`;
    const after = name === "csv" ? /"event":"epoch"/ : /"event":"step"/;
    const result = await interruptIn(folder, [name, ...commands[name], "--run", run, "--json"], {
      after,
      meanwhile: () => rename(file(run), file(`${run}-elsewhere`)),
    });
    expectErrorMessage(result, 1, `${run}: its last steps are not saved: `, `--resume ./${run}`);
    expect(result.stderr).not.toContain("Stopped and saved");
  });
});

describe.runIf(names.includes("digits"))("Ctrl-C in a run that is kept in one file", () => {
  const args = ["digits", ...commands.digits, "--json"];
  const after = /"event":"step"/;

  it("saves it there, and --resume ends with the bits of the run in a folder", async () => {
    await mkdir(file("files"));
    const stopped = await interruptIn(folder, [...args, "--checkpoint", "files/run"], { after });
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toContain("Go on with: digits --data digits --checkpoint files/run --resume");
    // It goes on to the number of epochs that it was told.
    const resumed = await runIn(folder, ..."digits --data digits --checkpoint files/run --resume".split(" "));
    expect([resumed.status, resumed.stderr]).toEqual([0, ""]);
    expect(await readFile(file("files", "run"))).toEqual(await readFile(await newestIn("digits-whole")));
    expect(await readdir(file("files"))).toEqual(["run"]);
  });

  it("is told as an error if it cannot be saved", async () => {
    await mkdir(file("leaving"));
    const result = await interruptIn(folder, [...args, "--checkpoint", "leaving/run"], {
      after,
      meanwhile: () => rename(file("leaving"), file("left")),
    });
    expectErrorMessage(result, 1, "leaving/run: its last steps are not saved: ");
  });
});
