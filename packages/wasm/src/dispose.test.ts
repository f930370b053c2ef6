import { createLeaf, createNode, elementsOf, HostStorage, runProgram, type Node } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "./wasm-engine.js";

/** Twice some numbers. */
function doubled(...elements: number[]): Node {
  const leaf = createLeaf([elements.length], "float32", new HostStorage(Float32Array.from(elements)));
  return createNode("add", [leaf, leaf], {});
}

describe("a storage that is disposed of", () => {
  it("gives its place back at once, and only once", () => {
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

  it("cannot be read, and is not given to others while it is somebody's", () => {
    const engine = new WasmEngine({ threads: 1 });
    const [storage] = runProgram(engine, [doubled(1)], ["engine"]);
    storage.dispose?.();
    const [next] = runProgram(engine, [doubled(5)], ["engine"]);
    expect([...next.readSync()]).toEqual([10]);
    expect(() => storage.readSync()).toThrow("a storage is used that has been disposed of");
  });

  it("may be disposed of while its next elements are computed", () => {
    const engine = new WasmEngine({ threads: 1 });
    const [target] = runProgram(engine, [doubled(1, 2)], ["engine"]);
    const program = engine.prepare([doubled(3, 4), doubled(5)]);
    const elements = program.leaves.map(elementsOf);
    const { used } = engine.memory();
    program.run(elements, [target, "host"], () => target.dispose?.());
    // Neither the place it had nor the one it was to move to is lost; what the program works with stays.
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

  it("says so to whoever goes on with it", () => {
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

  it("is gone at the end of a block with `using`, as often as you like", () => {
    const results = Array.from({ length: 300 }, (_, i) => {
      using engine = new WasmEngine({ threads: 1 });
      return runProgram(engine, [doubled(i)])[0].readSync()[0];
    });
    expect(results).toEqual(Array.from({ length: 300 }, (_, i) => 2 * i));
  });
});
