import { createLeaf, createNode, elementsOf, HostStorage, runProgram, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "./wasm-engine.js";

/** The elements times 2. */
function doubled(...elements: number[]): Node {
  const leaf = createLeaf([elements.length], "float32", new HostStorage(Float32Array.from(elements)));
  return createNode("add", [leaf, leaf], {});
}

describe("a storage that is disposed of", () => {
  it("frees its memory at once, and only once", () => {
    const engine = new WasmEngine({ threads: 1 });
    const [first, second] = runProgram(engine, [doubled(1), doubled(2)], ["engine", "engine"]);
    const { used } = engine.memory();
    first.dispose?.();
    const less = engine.memory().used;
    expect(less).toBeLessThan(used);
    first.dispose?.();
    expect(engine.memory().used).toBe(less);
    expect([...second.readSync()]).toEqual([4]);
  });

  it("cannot be read, and does not return memory that belongs to another storage", () => {
    const engine = new WasmEngine({ threads: 1 });
    const [storage] = runProgram(engine, [doubled(1)], ["engine"]);
    storage.dispose?.();
    const [next] = runProgram(engine, [doubled(5)], ["engine"]);
    expect([...next.readSync()]).toEqual([10]);
    expect(() => storage.readSync()).toThrow("EngineStorage: the storage has been disposed of");
  });

  it("may be disposed of while its next elements are computed", () => {
    const engine = new WasmEngine({ threads: 1 });
    const [target] = runProgram(engine, [doubled(1, 2)], ["engine"]);
    const program = engine.prepare([doubled(3, 4), doubled(5)]);
    const elements = program.leaves.map(elementsOf);
    const { used } = engine.memory();
    program.run(elements, [target, "host"], () => target.dispose?.());
    // Both its old memory and the memory it would have moved to are freed; the program keeps its frame and image.
    program.run(elements, ["host", "host"]);
    const after = engine.memory().used;
    program.run(elements, ["host", "host"]);
    expect(engine.memory().used).toBe(after);
    expect(after).toBeLessThan(used + 1000);
  });
});

describe("an engine that is disposed of", () => {
  it.each([
    ["one thread", { threads: 1 }],
    ["two threads", { threads: 2, waitForThreads: true, leastWork: 0 }],
  ])("has given everything back, with %s", (_, options) => {
    const engine = new WasmEngine(options);
    const program = engine.prepare([doubled(1, 2)]);
    const elements = program.leaves.map(elementsOf);
    const [host] = program.run(elements, ["host"]);
    const [own] = program.run(elements, ["engine"]);
    engine.dispose();
    engine.dispose();
    expect(engine.memory()).toEqual({ used: 0, reserved: 0, programs: 0 });
    expect([...host.readSync()]).toEqual([2, 4]);
    own.dispose?.();
    expect(() => own.readSync()).toThrow("disposed of");
  });

  it("throws an error on any further use", () => {
    const engine = new WasmEngine({ threads: 1 });
    const program = engine.prepare([doubled(1, 2)]);
    const elements = program.leaves.map(elementsOf);
    const [own] = program.run(elements, ["engine"]);
    engine.dispose();
    const message = /^WasmEngine: the engine has been disposed of/;
    expect(() => program.run(elements, ["host"])).toThrow(message);
    expect(() => engine.prepare([doubled(1)])).toThrow(message);
    expect(() => own.readSync()).toThrow(message);
  });

  it("is disposed of at the end of a block with `using`, any number of times", () => {
    const length = sized({ short: 60, long: 300 });
    const results = Array.from({ length }, (_, i) => {
      using engine = new WasmEngine({ threads: 1 });
      return runProgram(engine, [doubled(i)])[0].readSync()[0];
    });
    expect(results).toEqual(Array.from({ length }, (_, i) => 2 * i));
  });
});
