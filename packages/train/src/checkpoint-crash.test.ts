import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Linear } from "@stargrad/nn";
import { full } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { loadCheckpoint, saveCheckpoint } from "./checkpoint.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await files.mkdtemp(join(tmpdir(), "stargrad-train-"));
  path = join(folder, "run.safetensors");
});
afterEach(async () => {
  vi.restoreAllMocks();
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
  it("is the old one when the disk fails, and nothing is left beside it", async () => {
    await saveCheckpoint(path, { model: modelOf(1), metadata: { epoch: 1 } });
    const getBuiltinModule = process.getBuiltinModule.bind(process);
    const rename = () => Promise.reject(new Error("no space left on device"));
    vi.spyOn(process, "getBuiltinModule").mockImplementation((id: string) =>
      id === "node:fs/promises" ? { ...files, rename } : getBuiltinModule(id),
    );
    await expect(saveCheckpoint(path, { model: modelOf(2), metadata: { epoch: 2 } })).rejects.toThrow(
      "no space left on device",
    );
    vi.restoreAllMocks();
    expect(await expectWhole()).toBe(1);
    expect(await files.readdir(folder)).toEqual(["run.safetensors"]);
  });
});
