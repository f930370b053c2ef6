import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DataLoader, moons } from "@stargrad/datasets";
import { version } from "@stargrad/graph/internal";
import { FormatError } from "@stargrad/io";
import { crossEntropy, Linear } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { Generator, manualSeed, StargradError, tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  decodeCheckpoint,
  encodeCheckpoint,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
} from "./checkpoint.js";
import { fit } from "./fit.js";
import { seal, unseal } from "./sealed.js";
import { digest, sha256 } from "./sha256.js";
import { savedCheckpoint } from "./testing/saved-checkpoint.js";

/** The training whose checkpoint is {@link savedCheckpoint}. */
function savedTraining() {
  manualSeed(7);
  const model = new Linear(2, 1);
  model.weight.assign(tensor([[0.5, -2]]));
  model.bias?.assign(tensor([0.25]));
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.9 });
  return { model, optimizer, generators: { dropout: new Generator(3) } };
}

function setUp() {
  manualSeed(1);
  const model = new Linear(2, 2);
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.9 });
  const data = moons({ samples: 24, seed: 1 });
  return { model, optimizer, loader: new DataLoader(data, { batchSize: 8, shuffle: true, seed: 1 }) };
}

/** The bytes of a checkpoint in the middle of the second epoch. */
async function interrupted(): Promise<Uint8Array> {
  const training = setUp();
  for await (const event of fit({ ...training, loss: crossEntropy, epochs: 3 })) {
    if (event.event === "step" && event.epoch === 2) {
      return encodeCheckpoint({ ...training, metadata: { epoch: 2 } });
    }
  }
  throw new Error("The training ended");
}

const weightsOf = ({ model }: { readonly model: Linear }): unknown =>
  [...model.stateDict().values()].map((value) => value.dataSync());

describe("the bytes of a checkpoint", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "stargrad-train-"));
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await rm(folder, { recursive: true });
  });

  it("are those of its file, and are read from bytes, a blob and a path alike", async () => {
    const path = join(folder, "run.safetensors");
    const bytes = await interrupted();
    const training = setUp();
    restoreCheckpoint(await decodeCheckpoint(bytes), training);
    await saveCheckpoint(path, { ...training, metadata: { epoch: 2 } });
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);

    const states = await Promise.all([
      decodeCheckpoint(bytes),
      loadCheckpoint(new Blob([Uint8Array.from(bytes)])),
      loadCheckpoint(path),
    ]);
    const contents = states.map(({ model, ...others }) => ({
      ...others,
      optimizer: null,
      model: [...model].map(([name, value]) => [name, value.dataSync()]),
    }));
    expect(contents[1]).toEqual(contents[0]);
    expect(contents[2]).toEqual(contents[0]);
  });

  it("hold what those of a version before do, and which version and engine made them", async () => {
    const saved = await decodeCheckpoint(Uint8Array.from(Buffer.from(savedCheckpoint, "base64")));
    const metadata = { note: "étape 3" };
    const { origin, ...now } = await decodeCheckpoint(
      await encodeCheckpoint({ ...savedTraining(), metadata }),
    );
    const { origin: none, ...before } = saved;
    const values = ({ model, optimizer, ...rest }: typeof now) => ({
      ...rest,
      tensors: [...model, ...optimizer!].map(([name, value]) => [name, value.dtype, value.toArraySync()]),
    });
    expect(values(now)).toEqual(values(before));
    expect(none).toBeNull();
    expect(origin!.version).toBe(version);
    expect(origin!.engine).toMatch(/^wasm, (fused|paired|rounded)$/);
  });

  it("of another version or engine are restored, with a warning that bits may differ", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(savedTraining()));
    restoreCheckpoint(checkpoint, savedTraining());
    restoreCheckpoint({ ...checkpoint, origin: null }, savedTraining());
    expect(warn).not.toHaveBeenCalled();
    restoreCheckpoint({ ...checkpoint, origin: { version, engine: "reference" } }, savedTraining());
    restoreCheckpoint(
      { ...checkpoint, origin: { ...checkpoint.origin!, version: "0.0.0-old" } },
      savedTraining(),
    );
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining("on the engine reference; this is"),
      expect.stringContaining("made by Stargrad 0.0.0-old on"),
    ]);
    warn.mockRestore();
  });

  it("resume a training bit for bit", async () => {
    const whole = setUp();
    await fit({ ...whole, loss: crossEntropy, epochs: 3 });
    const bytes = await interrupted();
    const resumed = setUp();
    manualSeed(99);
    restoreCheckpoint(await decodeCheckpoint(bytes), resumed);
    await fit({ ...resumed, loss: crossEntropy, epochs: 3 });
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
  });

  it("hold the values at the time of the call", async () => {
    const training = setUp();
    const before = await encodeCheckpoint(training);
    const encoding = encodeCheckpoint(training);
    training.model.weight.assign(tensor([[9, 9], [9, 9]])); // prettier-ignore
    expect(Buffer.compare(await encoding, before)).toBe(0);
  });

  it("are the same in a page without crypto.subtle, which any page with it can read", async () => {
    const bytes = await encodeCheckpoint(savedTraining());
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    expect(Buffer.compare(await encodeCheckpoint(savedTraining()), bytes)).toBe(0);
    expect((await decodeCheckpoint(bytes)).metadata).toEqual({});
    const changed = bytes.slice();
    changed[changed.length - 1] ^= 1;
    await expect(decodeCheckpoint(changed)).rejects.toThrow("does not match its checksum");
  });

  it("are refused with the same errors as a file", async () => {
    const bytes = await interrupted();
    for (const length of [0, 7, 8, 100, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const cut = bytes.slice(0, length);
      await expect(decodeCheckpoint(cut), `cut to ${length}`).rejects.toThrow(FormatError);
      await expect(decodeCheckpoint(cut), `cut to ${length}`).rejects.toThrow(
        /^decodeCheckpoint: .*Is the file cut off\?/,
      );
    }
    const file = new File([bytes.slice(0, 100)], "run.safetensors");
    await expect(loadCheckpoint(file)).rejects.toThrow(/^loadCheckpoint\(run\.safetensors\): .*cut off/);
    await expect(loadCheckpoint(new Blob([]))).rejects.toThrow(/^loadCheckpoint\(a Blob\): /);
  });

  it("are confused with nothing else", async () => {
    const bytes = await interrupted();
    await expect(loadCheckpoint(bytes as never)).rejects.toThrow(
      "loadCheckpoint: got bytes; expected a path, a File or a Blob. Use decodeCheckpoint(bytes)",
    );
    for (const wrong of ["run.safetensors", bytes.buffer, Promise.resolve(bytes), undefined]) {
      await expect(decodeCheckpoint(wrong as never)).rejects.toThrow("expected a Uint8Array");
    }
    await expect(encodeCheckpoint({ ...setUp(), metadata: { loss: NaN } })).rejects.toThrow(
      "encodeCheckpoint: got NaN for loss",
    );
  });

  it("never crash a reader, whatever was changed in them", async () => {
    const bytes = await interrupted();
    const random = new Generator(5);
    const rounds = sized({ short: 100, long: 400 });
    const below = (limit: number): number => Math.floor(random.uniform() * limit);
    for (let round = 0; round < rounds; round++) {
      const changed = Uint8Array.from(bytes);
      for (let flips = 0; flips <= below(4); flips++) changed[below(changed.length)] ^= 1 + below(255);
      await expect(decodeCheckpoint(changed), `round ${round}`).rejects.toThrow(StargradError);
    }
  });

  it("never crash a reader or half restore a training, even if their checksum was made for them", async () => {
    const { tensors, metadata } = await unseal(await interrupted(), "test");
    let refused = 0;
    const hostile = [
      "null",
      "[]",
      "{}",
      '{"epoch":-1}',
      '{"epoch":1,"position":1e99}',
      '{"a":{"seed":"x"}}',
      "{",
    ];
    for (const name of ["loader", "states", "run", "generators", "metadata", "optimizer", "format"]) {
      for (const text of hostile) {
        const forged = await seal({ tensors, metadata: new Map([...metadata, [name, text]]) });
        const training = setUp();
        const before = weightsOf(training);
        const error = await decodeCheckpoint(forged)
          .then((checkpoint) => {
            restoreCheckpoint(checkpoint, training);
          })
          .catch((thrown: unknown) => thrown);
        // Accepted, because it is a state that a training can have, or refused without a trace.
        if (error === undefined) continue;
        refused++;
        expect(error, `${name}: ${text}`).toBeInstanceOf(StargradError);
        expect(weightsOf(training), `${name}: ${text}`).toEqual(before);
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});

describe("sha256", () => {
  it("computes what the platform computes, at every length around the edges of its blocks", async () => {
    const random = new Generator(2);
    for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 100_000]) {
      const bytes = Uint8Array.from({ length }, () => Math.floor(random.uniform() * 256));
      expect(Buffer.from(digest(bytes)).toString("hex"), `${length} bytes`).toBe(await sha256(bytes));
    }
  });

  it("computes the example of the standard", () => {
    expect(Buffer.from(digest(new TextEncoder().encode("abc"))).toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});
