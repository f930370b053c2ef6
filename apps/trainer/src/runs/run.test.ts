import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { DataLoader, xor } from "@stargrad/datasets";
import { Linear } from "@stargrad/nn";
import { loadCheckpoint, saveCheckpoint, type Json } from "@stargrad/train";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { classifier } from "../digits/classifier.js";
import { defaults, findDigitsRun, progressIn } from "../digits/run.js";
import { CharacterTransformer } from "../text/character-transformer.js";
import { task as textTask, trainedTransformer } from "../text/run.js";
import { RunFile } from "./run-file.js";
import { findRun, folderHint } from "./run.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-runs-"));
  path = join(folder, "run");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const resume = () => findDigitsRun({ checkpoint: path, resume: true });

describe("a run whose checkpoint has odd metadata is refused", () => {
  const settings = { model: "mlp", seed: 1, batchSize: 64, learningRate: 0.003 };
  const loader = new DataLoader(xor({ seed: 1 }));
  const save = (metadata: Readonly<Record<string, Json>>, withLoader = true) =>
    saveCheckpoint(path, { model: classifier("mlp"), ...(withLoader ? { loader } : {}), metadata });

  it.each<[string, Json, string]>([
    ["model", "constructor", 'this is a checkpoint of another model, "constructor". Expected mlp or cnn'],
    ["seed", -1, "does not contain the settings of its run: seed cannot be -1"],
    ["batchSize", 2.5, "batchSize cannot be 2.5"],
    ["batchSize", -1e300, "batchSize cannot be -1e+300"],
    ["learningRate", 0, "learningRate cannot be 0"],
    ["learningRate", null, "learningRate cannot be null"],
  ])("%s %j", async (name, value, message) => {
    await save({ settings: { ...settings, [name]: value }, trainAccuracy: 0.5 });
    await expect(resume()).rejects.toThrow(message);
  });

  it("accuracy, position and settings", async () => {
    for (const trainAccuracy of [-1e300, 1.5, "high"]) {
      await save({ settings, trainAccuracy });
      await expect(resume()).rejects.toThrow(
        "does not contain the epoch and the training accuracy of its run",
      );
    }
    await save({ settings, trainAccuracy: 0.5 }, false);
    await expect(resume()).rejects.toThrow("does not contain the epoch and the training accuracy of its run");
    await save({ settings: [], trainAccuracy: 0.5 });
    await expect(resume()).rejects.toThrow("the settings of its run: model is missing");
    // The number of epochs is that of the loader, whatever other programs have written.
    await save({ settings, trainAccuracy: 0.5, epoch: -1e300 });
    const { checkpoint } = await resume();
    expect(checkpoint?.loader).toMatchObject({ epoch: 0 });
    expect(progressIn(checkpoint!, path)).toEqual({ trainAccuracy: 0.5 });
  });

  it.each([
    ["layers", 1e9],
    ["context", 2 ** 40],
    ["width", 2 ** 30],
    ["heads", 3],
  ])("a transformer with fewer weights than %s %i needs, before it is made", async (name, value) => {
    const small = { layers: 1, width: 8, heads: 2, context: 4 };
    const model = new CharacterTransformer({ ...small, characters: 2 });
    const metadata = { lesson: "text", text: { characters: 9, vocabulary: "ab" } };
    const rest = { seed: 1, batchSize: 1, learningRate: 1, steps: 1 };
    await saveCheckpoint(path, { model, metadata: { ...metadata, settings: { ...rest, ...small } } });
    expect(trainedTransformer(await loadCheckpoint(path), path).vocabulary.size).toBe(2);
    const settingsOf = { ...rest, ...small, [name]: value };
    await saveCheckpoint(path, { model, metadata: { ...metadata, settings: settingsOf } });
    const opening = findRun({ checkpoint: path, resume: true }, {}, textTask);
    await expect(opening).rejects.toThrow("the settings of its run do not fit its weights");
  });
});

describe("the file of a run", () => {
  const model = new Linear(1, 1);

  it("cannot be a pipe or a device", async () => {
    execFileSync("mkfifo", [path]);
    await expect(resume()).rejects.toThrow("it is a pipe or a device; expected a file");
    await expect(findDigitsRun({ checkpoint: "/dev/zero", resume: true })).rejects.toThrow(
      "it is a pipe or a device",
    );
  });

  it("may have a long name, and be the target of a dangling link", async () => {
    const name = "x".repeat(230);
    const link = join(folder, "link");
    await symlink(name, link);
    const found = await findDigitsRun({ checkpoint: link });
    const run = await found.open({ settings: defaults, data: null, fingerprint: "" });
    await run.save({ model }, {});
    await run.close();
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["link", name]);
  });

  it("is never written over what another run has saved", async () => {
    const [first, second] = [await RunFile.of(path), await RunFile.of(path)];
    await first.save({ model }, { metadata: { run: 1 } });
    const message = "another run has saved this file meanwhile, and it was left as it is. Name another file";
    await expect(second.save({ model })).rejects.toThrow(message);
    await first.save({ model }, { metadata: { run: 1 } });
    expect((await loadCheckpoint(path)).metadata).toEqual({ run: 1 });

    const resumed = await RunFile.of(path);
    await resumed.save({ model });
    await expect(first.save({ model })).rejects.toThrow(message);
    await rm(path);
    await first.save({ model });
    expect(await readdir(folder)).toEqual(["run"]);
  });

  it("is used by one run at a time, and free again when its process has ended", async () => {
    const lock = `${path}.lock`;
    const file = await RunFile.of(path);
    await file.lock();
    expect(await readFile(lock, "utf8")).toBe(`${process.pid} ${hostname()}\n`);
    await file.close();
    expect(await readdir(folder)).toEqual([]);

    const other = spawn(process.execPath, ["--eval", "setInterval(() => 0, 1000)"]);
    await once(other, "spawn");
    for (const [content, user] of [
      [`${other.pid} ${hostname()}`, `process ${other.pid}`],
      [`${other.pid} elsewhere`, `process ${other.pid} on elsewhere`],
      ["", "process ? on ?"],
    ]) {
      await writeFile(lock, content);
      await expect(file.lock()).rejects.toThrow(
        `${path}: is in use by ${user}. Name another one, or wait for its end; if it has ended, delete ${lock}`,
      );
      expect(await readFile(lock, "utf8")).toBe(content);
    }
    other.kill("SIGKILL");
    await once(other, "exit");
    await writeFile(lock, `${other.pid} ${hostname()}`);
    await file.lock();
    expect(await readFile(lock, "utf8")).toContain(String(process.pid));
    await file.close();
  });

  it("is in a folder that exists and can be written", async () => {
    const missing = findDigitsRun({ checkpoint: join(folder, "none", "run") });
    await expect(missing).rejects.toThrow(
      `cannot write to the folder ${folder}/none. It does not exist: create it`,
    );
    await writeFile(path, "");
    const below = findDigitsRun({ checkpoint: join(path, "run") });
    await expect(below).rejects.toThrow(`cannot write to the folder ${path}. It is no folder`);
    for (const code of ["EROFS", "EACCES"]) expect(folderHint({ code })).toContain("It is read-only");
  });
});
