import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DataLoader, moons } from "@stargrad/datasets";
import { FormatError, writeSafetensors } from "@stargrad/io";
import { crossEntropy, Dropout, Linear, ReLU, Sequential } from "@stargrad/nn";
import { AdamW, SGD } from "@stargrad/optim";
import { ArgumentError, defaultGenerator, Generator, manualSeed, type Tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { loadCheckpoint, restoreCheckpoint, saveCheckpoint } from "./checkpoint.js";
import { fit } from "./fit.js";
import type { Training } from "./training.js";
import { seal, unseal } from "./sealed.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-train-"));
  path = join(folder, "run.safetensors");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A training that draws on everything random: first weights, shuffling, dropout by the shared and by its own generator. */
function setUp({ hidden = 8, seed = 1, optimizer = "AdamW" } = {}) {
  manualSeed(seed);
  const dropout = new Generator(seed + 100);
  const model = new Sequential(
    new Linear(2, hidden),
    new ReLU(),
    new Dropout(0.2),
    new Linear(hidden, 2),
    new Dropout(0.1, { generator: dropout }),
  );
  const data = moons({ samples: 40, noise: 0.1, seed: 1 });
  return {
    model,
    optimizer:
      optimizer === "AdamW"
        ? new AdamW(model.parameters(), { learningRate: 0.01, weightDecay: 0.1 })
        : new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.9, nesterov: true }),
    loader: new DataLoader(data, { batchSize: 15, shuffle: true, seed }),
    generators: { dropout },
  };
}

type SetUp = ReturnType<typeof setUp>;

/** Trains up to an epoch, and stops there or after a number of steps. */
async function train(setup: SetUp, epochs: number, { steps = Infinity } = {}): Promise<void> {
  let step = 0;
  for await (const { event } of fit({ ...setup, loss: crossEntropy, epochs })) {
    if (event === "step") step++;
    // The checkpoint is saved inside the loop, where a run would save it.
    if (step === steps) return saveCheckpoint(path, setup);
  }
}

function valuesOf(state: ReadonlyMap<string, Tensor> | null | undefined): Map<string, unknown> {
  return new Map([...(state ?? [])].map(([name, value]) => [name, value.dataSync()]));
}

/** All that a training consists of, to be compared bit for bit. */
function contentOf({ model, optimizer, loader, generators = {} }: Training): unknown {
  return {
    model: valuesOf(model.stateDict()),
    optimizer: valuesOf(optimizer?.stateDict()),
    loader: loader?.state(),
    generators: Object.values(generators).map((generator) => generator.state()),
    shared: defaultGenerator().state(),
  };
}

/** The training of a new process before it restores anything, with any generator state. */
function anotherProcess(options?: Parameters<typeof setUp>[0]): SetUp {
  const setup = setUp(options);
  manualSeed(12345);
  return setup;
}

describe("saveCheckpoint of wrong parts", () => {
  const model = new Linear(2, 1);
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });

  it.each([
    "epoch 3",
    3,
    [1],
    null,
    new Date(0),
    { at: new Date(0) },
    { when: undefined },
    { id: 1n },
    { loss: NaN },
    { f: () => 1 },
  ])("refuses the metadata %o, and keeps the file", async (metadata) => {
    await saveCheckpoint(path, { model, metadata: { epoch: 2 } });
    await expect(saveCheckpoint(path, { model, metadata: metadata as never })).rejects.toThrow(ArgumentError);
    expect((await loadCheckpoint(path)).metadata).toEqual({ epoch: 2 });
  });

  it.each([
    { model: model.parameters() },
    { model: [model] },
    { model: Linear },
    { model: { forward: () => 0 } },
    { model: model.stateDict() },
    { model, optimizer: "adam" },
    { model, optimizer: SGD },
    { model, optimizer: [optimizer] },
    { model, optimizer: model },
    { model, optimizer: optimizer.stateDict() },
    { model, loader: moons({ samples: 4 }) },
  ])("names the part that is wrong (%#)", async (parts) => {
    const training = parts as unknown as Training;
    await saveCheckpoint(path, { model });
    const checkpoint = await loadCheckpoint(path);
    await expect(saveCheckpoint(path, training)).rejects.toThrow(
      /^saveCheckpoint: got (model|optimizer|a dataset)/,
    );
    expect(() => {
      restoreCheckpoint(checkpoint, training);
    }).toThrow(/^restoreCheckpoint: got (model|optimizer|a dataset)/);
  });
});

describe("a training that is interrupted and resumed", () => {
  const epochs = 4;
  const undisturbed = new Map<string, Promise<unknown>>();

  /** The content of a training that is never interrupted, which is trained once for each optimizer. */
  function contentOfWhole(optimizer: string): Promise<unknown> {
    const known = undisturbed.get(optimizer) ?? trainWhole(optimizer);
    undisturbed.set(optimizer, known);
    return known;
  }

  async function trainWhole(optimizer: string): Promise<unknown> {
    const whole = setUp({ optimizer });
    await train(whole, epochs);
    return contentOf(whole);
  }

  it.each([
    ["AdamW", 0],
    ["AdamW", 1],
    ["AdamW", 2],
    ["AdamW", 3],
    ["AdamW", 4],
    ["SGD", 2],
  ])("ends like one that never was, bit for bit (%s, epoch %i)", async (optimizer, interruptedAfter) => {
    const expected = await contentOfWhole(optimizer);

    const first = setUp({ optimizer });
    await train(first, interruptedAfter);
    await saveCheckpoint(path, first);

    const second = anotherProcess({ optimizer });
    restoreCheckpoint(await loadCheckpoint(path), second);
    await train(second, epochs);
    expect(contentOf(second)).toEqual(expected);
  });

  it.each([1, 2, 4, 6])("also in the middle of an epoch, after step %i", async (steps) => {
    const expected = await contentOfWhole("AdamW");

    await train(setUp(), epochs, { steps });
    const resumed = anotherProcess();
    restoreCheckpoint(await loadCheckpoint(path), resumed);
    await train(resumed, epochs);
    expect(contentOf(resumed)).toEqual(expected);
  });
});

describe("saveCheckpoint and loadCheckpoint", () => {
  it("store everything in one file, under names that other programs can read", async () => {
    const setup = setUp();
    await train(setup, 1);
    const metadata = { model: "moons", epoch: 1, settings: { layers: [2, 8, 2], plan: null } };
    await saveCheckpoint(path, { ...setup, metadata });
    const checkpoint = await loadCheckpoint(path);

    expect(await readdir(folder)).toEqual(["run.safetensors"]);
    expect(valuesOf(checkpoint.model)).toEqual(valuesOf(setup.model.stateDict()));
    expect(valuesOf(checkpoint.optimizer)).toEqual(valuesOf(setup.optimizer.stateDict()));
    expect(checkpoint.loader).toEqual(setup.loader.state());
    expect([...checkpoint.generators.keys()].sort()).toEqual(["default", "dropout"]);
    expect(checkpoint.metadata).toEqual(metadata);
    const header = (await readFile(path)).toString("latin1");
    expect(header).toContain('"model.3.weight":{"dtype":"F32"');
    expect(header).toContain('"optimizer.groups.0.learningRate"');
  });

  it("save the values at the time of the call, even if they change meanwhile", async () => {
    const setup = setUp();
    const before = valuesOf(setup.model.stateDict());
    const saving = saveCheckpoint(path, setup);
    await train(setup, 1);
    await saving;
    expect(valuesOf((await loadCheckpoint(path)).model)).toEqual(before);
  });

  it("leave the last of several calls that are not awaited", async () => {
    const { model } = setUp();
    const large = new Linear(300, 300);
    const saves = [large, model, large, model].map((each, i) =>
      saveCheckpoint(path, { model: each, metadata: { i } }),
    );
    await Promise.all(saves);
    expect((await loadCheckpoint(path)).metadata).toEqual({ i: 3 });
  });

  it("name a forgotten await", async () => {
    const setup = setUp();
    const promise = Promise.resolve("a") as never;
    await expect(saveCheckpoint(promise, setup)).rejects.toThrow(
      "saveCheckpoint: got path a promise; expected a path, as a string. A forgotten await?",
    );
    await expect(saveCheckpoint(path, promise)).rejects.toThrow("saveCheckpoint: got a promise where");
    await expect(saveCheckpoint("", setup)).rejects.toThrow(
      'saveCheckpoint: got path ""; expected a path, as a string',
    );
    await expect(loadCheckpoint("")).rejects.toThrow('loadCheckpoint: got source ""; expected a path');
    await expect(loadCheckpoint(promise)).rejects.toThrow(
      "loadCheckpoint: got source a promise; expected a path, a File or a Blob. A forgotten await?",
    );
    await saveCheckpoint(path, setup);
    for (const [given, message] of [
      [loadCheckpoint(path), "got a promise; expected a checkpoint. A forgotten await?"],
      [path, "expected a checkpoint. Load it with await loadCheckpoint(path)"],
      [undefined, "got undefined; expected a checkpoint"],
    ] as const) {
      expect(() => {
        restoreCheckpoint(given as never, setup);
      }).toThrow(message);
    }
    const checkpoint = await loadCheckpoint(path);
    expect(() => {
      restoreCheckpoint(checkpoint, Promise.resolve(setup) as never);
    }).toThrow("restoreCheckpoint: got a promise where");
  });

  it("read files without the states of a schedule and of averages, which older versions wrote", async () => {
    const setup = setUp();
    await saveCheckpoint(path, setup);
    const { tensors, metadata } = await unseal(await readFile(path), "test");
    for (const added of ["states", "run"]) metadata.delete(added);
    await writeFile(path, await seal({ tensors, metadata: metadata.set("format", "stargrad.checkpoint/1") }));
    restoreCheckpoint(await loadCheckpoint(path), setup);
    await writeFile(path, await seal({ tensors, metadata: metadata.set("format", "stargrad.checkpoint/3") }));
    await expect(loadCheckpoint(path)).rejects.toThrow("expected stargrad.checkpoint/2");
  });

  it("take a model alone", async () => {
    const { model } = setUp();
    await saveCheckpoint(path, { model });
    const { optimizer, loader, metadata } = await loadCheckpoint(path);
    expect({ optimizer, loader, metadata }).toEqual({ optimizer: null, loader: null, metadata: {} });
  });

  it("refuse numbers that JSON silently replaces, and do not change the file", async () => {
    const { model } = setUp();
    await saveCheckpoint(path, { model, metadata: { epoch: 1 } });
    for (const lost of [Promise.resolve(1), new Map(), Float32Array.of(1), () => 1]) {
      await expect(saveCheckpoint(path, { model, metadata: { lost: lost as never } })).rejects.toThrow(
        /^saveCheckpoint: got a .* for lost; expected what JSON has/,
      );
    }
    await expect(saveCheckpoint(path, { model, metadata: { loss: NaN } })).rejects.toThrow(
      "saveCheckpoint: got NaN for loss; expected a finite number, because JSON has no other",
    );
    await expect(saveCheckpoint(path, { model, generators: { default: new Generator(1) } })).rejects.toThrow(
      "got a generator named default",
    );
    expect((await loadCheckpoint(path)).metadata).toEqual({ epoch: 1 });
  });

  it("refuse metadata that contain themselves", async () => {
    const circular: Record<string, unknown> = {};
    circular["inner"] = [circular];
    await expect(saveCheckpoint(path, { ...setUp(), metadata: circular as never })).rejects.toThrow(
      "saveCheckpoint: got a value that contains itself, or that is nested too deeply for JSON",
    );
  });

  it("never replace a file without `overwrite`", async () => {
    const { model } = setUp();
    await saveCheckpoint(path, { model, overwrite: false, metadata: { epoch: 1 } });
    await expect(saveCheckpoint(path, { model, overwrite: false })).rejects.toThrow(
      "There is such a file already",
    );
    expect((await loadCheckpoint(path)).metadata).toEqual({ epoch: 1 });
  });

  it.each([
    ["generators", '{"default":null}'],
    ["generators", '{"default":[1,2]}'],
    ["loader", "7"],
    ["states", "7"],
    ["run", '{"completed":1,"sums":7}'],
    ["run", '{"completed":1}'],
    ["metadata", "[]"],
  ])("find %s that is no JSON object, %s", async (name, text) => {
    const { model } = setUp();
    await saveCheckpoint(path, { model });
    const { tensors, metadata } = await unseal(await readFile(path), "test");
    await writeFile(path, await seal({ tensors, metadata: metadata.set(name, text) }));
    await expect(loadCheckpoint(path)).rejects.toThrow("expected a JSON object in its metadata, found");
  });

  it("find a number of completed epochs that is none", async () => {
    const { model } = setUp();
    await saveCheckpoint(path, { model });
    const { tensors, metadata } = await unseal(await readFile(path), "test");
    for (const completed of [-1e300, 2.5, "3", null]) {
      metadata.set("run", JSON.stringify({ completed, sums: {} }));
      await writeFile(path, await seal({ tensors, metadata }));
      await expect(loadCheckpoint(path)).rejects.toThrow("expected the number of completed epochs");
    }
  });

  it("report a path that cannot be written", async () => {
    const { model } = setUp();
    const nowhere = join(folder, "missing", "run.safetensors");
    await expect(saveCheckpoint(nowhere, { model })).rejects.toThrow(/cannot write .*missing/);
    await expect(loadCheckpoint(nowhere)).rejects.toThrow(/cannot read .*missing/);
  });
});

describe("loadCheckpoint on a damaged file", () => {
  it("finds every cut", async () => {
    await saveCheckpoint(path, setUp());
    const bytes = await readFile(path);
    for (const length of [0, 7, 8, 100, Math.floor(bytes.length / 2), bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      await expect(loadCheckpoint(path), `cut to ${length}`).rejects.toThrow(FormatError);
      await expect(loadCheckpoint(path), `cut to ${length}`).rejects.toThrow("Is the file cut off?");
    }
  });

  it("finds every flipped bit, in tensors and in text", async () => {
    await saveCheckpoint(path, { ...setUp(), metadata: { epoch: 3 } });
    const bytes = await readFile(path);
    const dataStart = 8 + Number(bytes.readBigUInt64LE());
    const inData = sized({ short: 10, long: 40 });
    const places = [
      bytes.indexOf('{\\"epoch\\":3}') + 12,
      bytes.indexOf("sha256:") + 9,
      bytes.indexOf('\\"position\\":0') + 15,
      ...Array.from(
        { length: inData },
        (_, i) => dataStart + Math.floor((i / inData) * (bytes.length - dataStart)),
      ),
      bytes.length - 1,
    ];
    for (const place of places) {
      const flipped = Buffer.from(bytes);
      flipped[place] ^= 1;
      await writeFile(path, flipped);
      await expect(loadCheckpoint(path), `byte ${place}`).rejects.toThrow(FormatError);
    }
  });

  it("reports a file that is not a checkpoint", async () => {
    const { model } = setUp();
    await writeSafetensors(path, model.stateDict());
    await expect(loadCheckpoint(path)).rejects.toThrow(
      `loadCheckpoint(${path}): the file has no checksum. Is this a checkpoint?`,
    );
    await writeFile(path, "epoch 3");
    await expect(loadCheckpoint(path)).rejects.toThrow(FormatError);
  });
});

describe("restoreCheckpoint", () => {
  it("lists every key that does not fit another model, and changes nothing", async () => {
    const other = new Sequential(
      new Linear(2, 5),
      new ReLU(),
      new Dropout(),
      new Linear(5, 2),
      new Linear(2, 1),
    );
    await saveCheckpoint(path, { ...setUp(), model: other });
    const setup = setUp();
    await train(setup, 1);
    const before = contentOf(setup);
    const checkpoint = await loadCheckpoint(path);
    const restoring = () => {
      restoreCheckpoint(checkpoint, setup);
    };
    expect(restoring).toThrow(ArgumentError);
    for (const complaint of [
      "unexpected: 4.bias, 4.weight",
      "0.weight: got float32 [5, 2]; expected float32 [8, 2]",
      "0.bias: got float32 [5]; expected float32 [8]",
      "3.weight: got float32 [2, 5]; expected float32 [2, 8]",
    ]) {
      expect(restoring).toThrow(complaint);
    }
    expect(contentOf(setup)).toEqual(before);

    const larger = setUp({ hidden: 5 });
    const shallow = { ...larger, model: new Sequential(new Linear(2, 5)) };
    await saveCheckpoint(path, shallow);
    const shallower = await loadCheckpoint(path);
    expect(() => {
      restoreCheckpoint(shallower, larger);
    }).toThrow("missing: 3.weight, 3.bias");
  });

  it.each([
    ["another optimizer", () => setUp({ optimizer: "SGD" }), "loadStateDict"],
    ["another loader", () => setUp({ seed: 2 }), "DataLoader.restore: the state was saved with seed 1"],
  ])("changes nothing for %s", async (_, other, complaint) => {
    const saved = setUp();
    await train(saved, 1);
    await saveCheckpoint(path, saved);
    const checkpoint = await loadCheckpoint(path);

    const setup = other();
    await train(setup, 2);
    const before = contentOf(setup);
    expect(() => {
      restoreCheckpoint(checkpoint, setup);
    }).toThrow(complaint);
    expect(contentOf(setup)).toEqual(before);
  });

  it("requires the parts that were saved", async () => {
    const setup = setUp();
    await saveCheckpoint(path, { model: setup.model, optimizer: setup.optimizer });
    const checkpoint = await loadCheckpoint(path);
    expect(() => {
      restoreCheckpoint(checkpoint, setup);
    }).toThrow(
      "restoreCheckpoint: the checkpoint contains model, optimizer, generator default; " +
        "the training has model, optimizer, loader, generator default, generator dropout",
    );
  });
});
