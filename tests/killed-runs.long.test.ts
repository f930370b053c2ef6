import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// A process that trains, and saves after every step, is killed at random moments, and begun again until its run ends.

/** Trains in the folder of its argument until the end, and then writes all of its state beside it. */
const program = `
  import { writeFileSync } from "node:fs";
  import { DataLoader, moons } from "@stargrad/datasets";
  import { crossEntropy, Dropout, Linear, ReLU, Sequential } from "@stargrad/nn";
  import { AdamW } from "@stargrad/optim";
  import { manualSeed } from "@stargrad/tensor";
  import { encodeCheckpoint, fit, RunFolder } from "@stargrad/train";

  const [, , folder] = process.argv;
  const run = await RunFolder.open(folder);
  manualSeed(1);
  const model = new Sequential(new Linear(2, 64), new ReLU(), new Dropout(0.2), new Linear(64, 2));
  const optimizer = new AdamW(model.parameters(), { learningRate: 0.05 });
  const loader = new DataLoader(moons({ samples: 200, noise: 0.1, seed: 1 }), { batchSize: 15, shuffle: true, seed: 1 });
  const training = { model, optimizer, loader, loss: crossEntropy, epochs: Number(process.env.EPOCHS) };
  const restored = await run.restore(training);
  process.stdout.write("restored " + (restored?.number ?? 0) + "\\n");
  for await (const event of fit(training)) {
    if (event.event !== "step") continue;
    const { checkpoint } = await run.save(training, { score: event.loss });
    process.stdout.write("saved " + checkpoint.number + "\\n");
  }
  writeFileSync(folder + ".end", await encodeCheckpoint(training));
  await run.close();
`;

/** Of 14 steps each: more than are taken until the last kill. */
const epochs = "120";
const kills = 200;

let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-killed-"));
  file = join(folder, "program.mjs");
  await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["source"],
    logLevel: "error",
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const env = { ...process.env, EPOCHS: epochs };

/**
 * Runs the program to its end, or until it is killed at some moment after it has saved its `steps`-th checkpoint. Returns what it has printed.
 */
async function train(path: string, steps: number): Promise<{ lines: string[]; hasEnded: boolean }> {
  const child = spawn(process.execPath, [file, path], { env });
  let output = "";
  let isDying = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (isDying || output.split("\n").length <= steps + 1) return;
      isDying = true;
      setTimeout(() => child.kill("SIGKILL"), 10 * Math.random());
    });
  }
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { lines: output.trimEnd().split("\n"), hasEnded: status !== null };
}

describe("a run that saves after every step", () => {
  it(`ends with the bits of an undisturbed one, though it is killed ${kills} times`, async () => {
    const undisturbed = join(folder, "undisturbed");
    const { status, stderr } = spawnSync(process.execPath, [file, undisturbed], { env, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });

    const path = join(folder, "killed");
    let [last, killed, ended] = [0, 0, false];
    while (!ended) {
      const { lines, hasEnded } = await train(path, killed < kills ? 1 + (killed % 5) : Infinity);
      const [restored, ...saved] = lines.map((line) => Number(/^(?:restored|saved) (\d+)$/.exec(line)?.[1]));
      // What was saved is not lost, and no checkpoint was damaged: a warning would be a line of its own.
      expect(restored, lines.join("\n")).toBeGreaterThanOrEqual(last);
      expect(saved, lines.join("\n")).toEqual(saved.map((_, i) => restored + 1 + i));
      last = saved.at(-1) ?? restored;
      ended = hasEnded;
      if (!hasEnded) killed++;
    }
    expect(killed).toBe(kills);
    expect(last).toBeGreaterThan(2 * kills);
    expect(readFileSync(`${path}.end`).equals(readFileSync(`${undisturbed}.end`))).toBe(true);
    // Two hundred processes one after another need more than the usual limit on a busy machine.
  }, 1_200_000);
});
