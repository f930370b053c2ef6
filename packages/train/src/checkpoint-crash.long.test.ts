import { spawn } from "node:child_process";
import { once } from "node:events";
import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Linear } from "@stargrad/nn";
import { full } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { loadCheckpoint, saveCheckpoint } from "./checkpoint.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await files.mkdtemp(join(tmpdir(), "stargrad-train-"));
  path = join(folder, "run.safetensors");
});
afterEach(async () => {
  await files.rm(folder, { recursive: true });
});

/** A model whose every weight is the number of the epoch, so that a mixture of two epochs would show. */
function modelOf(epoch: number): Linear {
  const model = new Linear(300, 1000, { bias: false });
  model.weight.assign(full([1000, 300], epoch));
  return model;
}

async function expectWhole(): Promise<number> {
  const { model, metadata } = await loadCheckpoint(path);
  const epoch = Number(metadata["epoch"]);
  expect(
    model
      .get("weight")
      ?.dataSync()
      .every((weight) => weight === epoch),
  ).toBe(true);
  return epoch;
}

describe("a checkpoint that is being saved", () => {
  it("is the old one or the new one when the process is killed", async () => {
    await saveCheckpoint(path, { model: modelOf(0), metadata: { epoch: 0 } });
    const script = `
      import { Linear } from "@stargrad/nn";
      import { full } from "@stargrad/tensor";
      import { saveCheckpoint } from ${JSON.stringify(new URL("./checkpoint.ts", import.meta.url).href)};
      const model = new Linear(300, 1000, { bias: false });
      console.log("started");
      for (let epoch = 1; ; epoch++) {
        model.weight.assign(full([1000, 300], epoch));
        await saveCheckpoint(${JSON.stringify(path)}, { model, metadata: { epoch } });
      }`;
    for (const milliseconds of [20, 150, 350]) {
      const child = spawn(
        process.execPath,
        ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", script],
        { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
      );
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill("SIGKILL");
      await once(child, "exit");
      await expectWhole();
    }
  });
});
