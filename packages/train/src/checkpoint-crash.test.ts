import * as files from "node:fs/promises";

import { afterEach, describe, expect, it, vi } from "vitest";

import { saveCheckpoint } from "./checkpoint.js";
import { expectWhole, modelOf, temporaryCheckpoint } from "./testing/checkpoints.js";

const checkpoint = temporaryCheckpoint();

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a checkpoint that is being saved", () => {
  it("is the old one when the disk fails, and nothing is left beside it", async () => {
    const { folder, path } = checkpoint;
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
    expect(await expectWhole(path)).toBe(1);
    expect(await files.readdir(folder)).toEqual(["run.safetensors"]);
  });
});
