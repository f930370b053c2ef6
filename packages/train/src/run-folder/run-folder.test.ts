import * as files from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { DataLoader, moons } from "@stargrad/datasets";
import { crossEntropy, Dropout, Linear, ReLU, Sequential } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { manualSeed } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { encodeCheckpoint, loadCheckpoint } from "../checkpoint.js";
import { fit } from "../fit.js";
import { readRunFolder } from "./contents.js";
import { RunFolder, type RunFolderOptions } from "./run-folder.js";

let parent: string;
let path: string;
let run: RunFolder | undefined;
const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);

beforeEach(async () => {
  parent = await files.mkdtemp(join(tmpdir(), "stargrad-run-folder-"));
  path = join(parent, "runs", "moons");
  warn.mockClear();
});
afterEach(async () => {
  await run?.close();
  run = undefined;
  await files.rm(parent, { recursive: true });
});

/** A training of three epochs of three steps. */
function setUp() {
  manualSeed(1);
  const model = new Sequential(new Linear(2, 8), new ReLU(), new Dropout(0.2), new Linear(8, 2));
  return {
    model,
    optimizer: new AdamW(model.parameters(), { learningRate: 0.05 }),
    loader: new DataLoader(moons({ samples: 40, noise: 0.1, seed: 1 }), {
      batchSize: 15,
      shuffle: true,
      seed: 1,
    }),
    loss: crossEntropy,
    epochs: 3,
  };
}

const open = async (options?: RunFolderOptions): Promise<RunFolder> =>
  (run = await RunFolder.open(path, options));
const names = async (): Promise<string[]> => (await files.readdir(path)).sort();
const numbers = (folder: RunFolder): number[] => folder.checkpoints.map(({ number }) => number);

/** Lets writing fail as on a full disk, or as in a folder of another user, until the function that is returned is called. */
function failToWrite(code: string): () => void {
  const getBuiltinModule = process.getBuiltinModule.bind(process);
  const fail = () => Promise.reject(Object.assign(new Error(`${code}: it cannot be written`), { code }));
  const spy = vi
    .spyOn(process, "getBuiltinModule")
    .mockImplementation((id: string) =>
      id === "node:fs/promises" ? { ...files, open: fail } : getBuiltinModule(id),
    );
  return () => {
    spy.mockRestore();
  };
}

describe("a run in a folder", () => {
  it("that is left after any step goes on, and ends with the bits of one that was not", async () => {
    const undisturbed = setUp();
    await fit(undisturbed);
    const expected = await encodeCheckpoint(undisturbed);
    let steps = 0;
    for (let ends = 0; ends < 10; ends++) {
      const folder = await open();
      const training = setUp();
      await folder.restore(training);
      for await (const event of fit(training)) {
        if (event.event !== "step") continue;
        steps++;
        await folder.save(training);
        break;
      }
      if (ends === 9) expect(Buffer.from(await encodeCheckpoint(training)).equals(expected)).toBe(true);
      await folder.close();
    }
    expect(steps).toBe(9);
  });

  it("keeps the last checkpoints, and the best one besides", async () => {
    const folder = await open({ keep: 2 });
    expect(await folder.restore(setUp())).toBeNull();
    const training = setUp();
    for (const score of [3, 1, Infinity, NaN, 5]) await folder.save(training, { score });
    expect(numbers(folder)).toEqual([2, 4, 5]);
    expect(folder.best).toMatchObject({ number: 2, score: 1 });
    expect(await names()).toEqual([
      "checkpoint-000002.safetensors",
      "checkpoint-000004.safetensors",
      "checkpoint-000005.safetensors",
      "config.json",
      "run.lock",
      "scores.json",
    ]);
    await folder.close();
    const again = await open({ keep: 1 });
    expect(again.checkpoints).toEqual(folder.checkpoints);
    await again.save(training, { score: 0.5 });
    expect(numbers(again)).toEqual([6]);
    const { checkpoints, best } = again;
    expect(await readRunFolder(path)).toEqual({ config: {}, checkpoints, best });
  });

  it("lists every checkpoint that it can number, and no other file", async () => {
    const folder = await open({ keep: 4 });
    await folder.save(setUp());
    await folder.close();
    const first = join(path, "checkpoint-000001.safetensors");
    const largest = Number.MAX_SAFE_INTEGER;
    const others = [
      "checkpoint-9007199254740992",
      "checkpoint-0000002",
      "checkpoint-00002",
      "checkpoint-000000",
    ];
    for (const name of [`checkpoint-${largest - 1}`, ...others]) {
      await files.copyFile(first, join(path, `${name}.safetensors`));
    }
    const again = await open({ keep: 4 });
    expect(numbers(again)).toEqual([1, largest - 1]);
    await again.save(setUp());
    expect(numbers(again)).toEqual([1, largest - 1, largest]);
    expect(await again.restore(setUp())).toMatchObject({ number: largest });
    await expect(again.save(setUp())).rejects.toThrow(
      `the newest checkpoint has the largest number, ${largest}`,
    );
    await again.close();
    expect((await readRunFolder(path)).checkpoints).toHaveLength(3);
  });

  it("keeps no more checkpoints because of a score that is not finite", async () => {
    const folder = await open({ keep: 1 });
    for (const score of [1, -Infinity, Infinity, 2, 3]) await folder.save(setUp(), { score });
    expect(warn).not.toHaveBeenCalled();
    const kept = [
      [1, 1],
      [5, 3],
    ];
    expect(folder.checkpoints.map(({ number, score }) => [number, score])).toEqual(kept);
    const { checkpoints } = await readRunFolder(path);
    expect(checkpoints.map(({ number, score }) => [number, score])).toEqual(kept);
  });

  it("does not open without its scores, which tell the best checkpoint", async () => {
    const folder = await open({ keep: 1 });
    for (const score of [1, 2]) await folder.save(setUp(), { score });
    await folder.close();
    await files.writeFile(join(path, "scores.json"), "{");
    await expect(open({ keep: 1 })).rejects.toThrow(
      "scores.json is not a JSON object. Restore it, or remove it",
    );
    const { checkpoints, best } = await readRunFolder(path);
    expect([checkpoints.length, best]).toEqual([2, null]);
    await files.rm(join(path, "scores.json"));
    await (await open({ keep: 1 })).close();
  });

  it("keeps the order of calls that are not awaited, and the values at the time of each", async () => {
    const folder = await open({ keep: 3 });
    const training = setUp();
    const [weight] = training.model.parameters();
    const saves = [1, 2, 3, 4].map((value) => {
      weight.assign(weight.mul(0).add(value));
      return folder.save(training, { score: value, metadata: { value } });
    });
    await folder.close();
    for (const outcome of await Promise.all(saves)) expect(outcome.isSaved).toBe(true);
    expect(numbers(folder)).toEqual([1, 2, 3, 4]);
    for (const { path: file, number } of folder.checkpoints) {
      const { model, metadata } = await loadCheckpoint(file);
      expect([model.get("0.weight")!.dataSync()[0], metadata["value"]]).toEqual([number, number]);
    }
    await expect(folder.save(training)).rejects.toThrow("was closed");
  });

  it("has its settings, and refuses others by name", async () => {
    await (await open({ config: { layers: [2, 8], rate: 0.1 } })).close();
    const folder = await open();
    expect(folder.config).toEqual({ layers: [2, 8], rate: 0.1 });
    await folder.close();
    await expect(open({ config: { layers: [2, 9], seed: 1 } })).rejects.toThrow(
      "other settings: layers was [2,8], now [2,9]; rate was 0.1, now not given; seed was not given, now 1",
    );
    await (await open({ config: { rate: 0.1, layers: [2, 8] } })).close();
    await expect(open({ config: { at: new Date() as never } })).rejects.toThrow("other settings");
    await files.writeFile(join(path, "config.json"), "{");
    await expect(open()).rejects.toThrow("config.json is not a JSON object");
    expect(await names()).toEqual(["config.json"]);
  });

  it("is open once at a time, also within a process", async () => {
    const folder = await open();
    await expect(RunFolder.open(join(path, "..", "moons"))).rejects.toThrow(
      "is open in this process already",
    );
    await folder.save(setUp());
    await folder.close();
    expect(numbers(await open())).toEqual([1]);
  });

  it("belongs to one process at a time", async () => {
    await files.mkdir(path, { recursive: true });
    // The first process of a machine runs as long as the machine.
    await files.writeFile(join(path, "run.lock"), `1 ${hostname()}\n`);
    await expect(open()).rejects.toThrow(`RunFolder.open(${path}): is in use by process 1`);
    await files.writeFile(join(path, "run.lock"), `99999999 ${hostname()}\n`);
    await (await open()).close();
    expect(await names()).toEqual(["config.json"]);
  });

  it("removes what a killed process has left half-written, and nothing else", async () => {
    await (await open()).close();
    const left = [
      `checkpoint-000003.safetensors.${crypto.randomUUID()}.partial`,
      `scores.json.${crypto.randomUUID()}.partial`,
    ];
    const others = ["notes.partial", "checkpoint-1.safetensors", "checkpoint-000001.safetensors.bak"];
    for (const name of [...left, ...others]) await files.writeFile(join(path, name), "x");
    await (await open()).close();
    expect(await names()).toEqual([...others, "config.json"].sort());
  });
});

describe("a checkpoint of a run", () => {
  it("that is damaged is named, and the one before is restored", async () => {
    const folder = await open({ keep: 3 });
    const training = setUp();
    for (let i = 0; i < 3; i++) await folder.save(training, { metadata: { i } });
    const [, second, third] = folder.checkpoints;
    await folder.close();
    const bytes = await files.readFile(third.path);
    await files.writeFile(third.path, bytes.subarray(0, bytes.length / 2));

    const again = await open({ keep: 2 });
    expect(await again.restore(setUp())).toEqual(second);
    expect(warn.mock.calls.join()).toContain(third.path);
    await again.save(training);
    expect(numbers(again)).toEqual([2, 4]);
    for (const { path: file } of again.checkpoints) await files.writeFile(file, "");
    await again.close();
    await expect((await open()).restore(setUp())).rejects.toThrow("all of its checkpoints are damaged");
  });

  it("of another model is refused, and is not a damaged one", async () => {
    const folder = await open();
    await folder.save(setUp());
    const other = new Linear(2, 2);
    await expect(folder.restore({ model: other })).rejects.toThrow("restoreCheckpoint");
    expect(warn).not.toHaveBeenCalled();
  });

  it.each([
    ["ENOSPC", "The disk is full; free some space"],
    ["EROFS", "read-only"],
    ["EACCES", "permissions"],
  ])("that cannot be written (%s) does not end the training, and says so once", async (code, words) => {
    const folder = await open();
    const training = setUp();
    let isFull = false;
    let mended = (): void => undefined;
    const outcomes: boolean[] = [];
    for await (const event of fit(training)) {
      if (event.event !== "step") continue;
      if (event.epoch === 2 && !isFull) mended = failToWrite(code);
      if (event.epoch === 3 && isFull) mended();
      isFull = event.epoch === 2;
      const outcome = await folder.save(training);
      outcomes.push(outcome.isSaved);
      if (!outcome.isSaved) expect(outcome.reason).toContain(words);
    }
    expect(outcomes).toEqual([true, true, true, false, false, false, true, true, true]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain("the training goes on");
    expect(numbers(folder)).toEqual([8, 9]);
    for (const { path: file } of folder.checkpoints) await loadCheckpoint(file);
  });

  it("is refused before anything is written if it cannot be one", async () => {
    const folder = await open();
    await expect(folder.save({ model: 3 as never })).rejects.toThrow("got model 3");
    await expect(folder.save(setUp(), { score: "low" as never })).rejects.toThrow("got score");
    await expect(folder.save(setUp(), { metadata: { loss: NaN } })).rejects.toThrow("NaN");
    await folder.save(setUp());
    expect(folder.checkpoints).toHaveLength(1);
  });
});

describe("a folder that cannot be one", () => {
  it.each([
    ["a file", () => files.writeFile(path, ""), "cannot make the folder"],
    ["in a file", async () => files.writeFile(join(parent, "runs"), ""), "cannot make the folder"],
  ])("%s is refused", async (_, make, message) => {
    await files.mkdir(join(parent, "runs")).catch(() => undefined);
    if (_ === "in a file") await files.rm(join(parent, "runs"), { recursive: true });
    await make();
    await expect(open()).rejects.toThrow(message);
  });

  it.runIf(process.platform === "linux")("is refused at once where there are no files", async () => {
    await expect(RunFolder.open("/proc/x/y")).rejects.toThrow(/cannot make the folder: ENOENT/);
  });

  it("is refused without a path, or with options that are none", async () => {
    await expect(RunFolder.open("")).rejects.toThrow('got path ""');
    await expect(RunFolder.open(path, { keep: 0 })).rejects.toThrow("keep");
    await expect(RunFolder.open(path, { config: [] as never })).rejects.toThrow("config");
    await expect(readRunFolder(join(parent, "none"))).rejects.toThrow("cannot read the folder");
  });
});
