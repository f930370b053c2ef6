// A folder for a checkpoint, and models whose checkpoint shows whether it is whole.

import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Linear } from "@stargrad/nn";
import { full } from "@stargrad/tensor";
import { afterEach, beforeEach, expect } from "vitest";

import { loadCheckpoint } from "../checkpoint.js";

/** Makes a new folder before each test, and removes it afterwards. Returns the folder and the path of a checkpoint in it. */
export function temporaryCheckpoint(): { readonly folder: string; readonly path: string } {
  const checkpoint = { folder: "", path: "" };
  beforeEach(async () => {
    checkpoint.folder = await files.mkdtemp(join(tmpdir(), "stargrad-train-"));
    checkpoint.path = join(checkpoint.folder, "run.safetensors");
  });
  afterEach(async () => {
    await files.rm(checkpoint.folder, { recursive: true });
  });
  return checkpoint;
}

/** A model whose every weight is the number of the epoch, so that a mixture of two epochs would show. */
export function modelOf(epoch: number): Linear {
  const model = new Linear(300, 1000, { bias: false });
  model.weight.assign(full([1000, 300], epoch));
  return model;
}

/** Expects that all weights of a checkpoint are of one epoch, and returns the epoch. */
export async function expectWhole(path: string): Promise<number> {
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
