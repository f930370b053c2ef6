import {
  ArgumentError,
  HostStorage,
  referenceEngine,
  StargradError,
  type Engine,
  type Storage,
  type TypedArray,
} from "@stargrad/graph";
import { WasmEngine } from "@stargrad/wasm";
import { afterEach, describe, expect, it } from "vitest";

import { getEngine, setEngine, tensor } from "./index.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

/** The reference engine, with changed results. */
function changing(change: (results: Storage[]) => unknown): Engine {
  return {
    name: "changing",
    capabilities: referenceEngine.capabilities,
    prepare(outputs) {
      const program = referenceEngine.prepare(outputs);
      return { leaves: program.leaves, run: (...given) => change(program.run(...given)) as Storage[] };
    },
  };
}

/** Storages of another class than HostStorage. */
function opaque(change: (data: TypedArray) => TypedArray): Engine {
  return changing((results) =>
    results.map((result): Storage => {
      const { byteLength } = result;
      const data = change(result.readSync());
      return {
        byteLength,
        location: "host",
        canReadSync: true,
        read: () => Promise.resolve(data),
        readSync: () => data,
      };
    }),
  );
}

describe("setEngine", () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["the function WasmEngine", WasmEngine],
    ["[object Promise]", Promise.resolve(referenceEngine)],
    ["wasm", "wasm"],
    ["[object Object]", { name: "half", prepare: () => undefined }],
  ];

  it.each(wrong)("rejects %s, and the engine stays", (got, value) => {
    const set = () => {
      setEngine(value as Engine);
    };
    expect(set).toThrow(ArgumentError);
    expect(set).toThrow(`setEngine: got ${got}; expected an object with \`prepare\` and \`capabilities\``);
    expect(getEngine()).toBe(engine);
  });
});

describe("an engine that returns something else than the results", () => {
  const sum = () => tensor([[1, 2]]).add(1);

  it.each<readonly [string, (results: Storage[]) => unknown]>([
    ["run returned 0 storages; expected an array of 1 storages", () => []],
    ["run returned [object Promise]; expected an array of 1 storages", (results) => Promise.resolve(results)],
    ["run returned undefined; expected an array of 1 storages", () => undefined],
    [
      "returned a storage of 4 bytes as output 0; expected 2 elements of 4 bytes, float32 [1, 2]",
      () => [new HostStorage(new Float32Array(1))],
    ],
    ["returned no storage as output 0; expected 2 elements of 4 bytes, float32 [1, 2]", () => [undefined]],
  ])("is named: %s", (problem, change) => {
    setEngine(changing(change));
    const read = () => sum().dataSync();
    expect(read).toThrow(StargradError);
    expect(read).toThrow(`the engine changing: ${problem}`);
  });

  it("is noticed when the array of a storage is read", async () => {
    const message = "Storage.read: returned Int32Array(2); expected 2 elements of 4 bytes, float32 [1, 2]";
    setEngine(changing(() => [new HostStorage(new Int32Array(2))]));
    expect(() => sum().dataSync()).toThrow(message);
    setEngine(opaque((data) => Int32Array.from(data)));
    expect(() => sum().dataSync()).toThrow(message);
    await expect(sum().data()).rejects.toThrow(message);
    setEngine(opaque((data) => data.slice(1)));
    expect(() => sum().dataSync()).toThrow("returned Float32Array(1)");
  });

  it("changes nothing: another engine can compute the same tensor", () => {
    const y = sum();
    setEngine(changing(() => []));
    expect(() => y.dataSync()).toThrow("0 storages");
    setEngine(referenceEngine);
    expect(y.dataSync()).toEqual(Float32Array.of(2, 3));
  });
});

describe.each([["the default engine", engine] as const, ["the reference engine", referenceEngine] as const])(
  "a tensor whose shape was changed, on %s",
  (_, current) => {
    it("is refused instead of read beyond its elements", () => {
      setEngine(current);
      const x = tensor([1, 2, 3]);
      (x.shape as number[])[0] = 100;
      const read = () => x.mul(1).dataSync();
      expect(read).toThrow(ArgumentError);
      expect(read).toThrow(
        "shape: got [100] for a tensor of 3 elements: its shape was changed, but shapes are read-only. Use x.reshape(shape)",
      );
    });
  },
);
