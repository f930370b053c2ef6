import workerThreads from "node:worker_threads";
import { createLeaf, createNode, HostStorage, runProgram, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WasmEngine } from "../wasm-engine.js";

const size = 1000;

/** A different program for each number: the square of x, from that index on. */
function square(from: number): Node {
  const x = createLeaf([size], "float64", new HostStorage(Float64Array.from({ length: size }, Math.sqrt)));
  const part = createNode("slice", [x], { starts: [from], lengths: [size - from], steps: [1] });
  return createNode("mul", [part, part], {});
}

it("runs the given program, also while threads load another one and after it has been evicted", async () => {
  const keptPrograms = sized({ short: 20, long: 100 });
  const alone = new WasmEngine({ threads: 1 });
  // An evicted program is compiled again, and its code gets other table indices.
  const engine = new WasmEngine({ threads: 3, leastWork: 0, programMemory: (2 ** 19 * keptPrograms) / 100 });
  expect(await engine.startThreads()).toBe(3);
  for (let from = 1; from < 1.5 * keptPrograms; from++) {
    // The second program is started while the first is being loaded.
    for (const number of [from, 0, from, Math.max(from - keptPrograms, 0)]) {
      const [got] = runProgram(engine, [square(number)]);
      const [expected] = runProgram(alone, [square(number)]);
      expect(got.readSync()).toEqual(expected.readSync());
    }
  }
});

it("frees the memory used for loading programs", async () => {
  const engine = new WasmEngine({ threads: 2, leastWork: 0, waitForThreads: true });
  await engine.startThreads();
  const run = (): number => {
    runProgram(engine, [square(1)]);
    runProgram(engine, [square(2)]);
    return engine.memory().used;
  };
  run();
  const used = run();
  expect(run()).toBe(used);
});

it("rejects an invalid number of threads", () => {
  expect(() => new WasmEngine({ threads: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ArgumentError: WasmEngine: got threads 0; expected a whole number of at least 1]`,
  );
});

describe("a thread that ends without an error", () => {
  const { Worker } = workerThreads;
  const threads: workerThreads.Worker[] = [];
  const warned: string[] = [];
  beforeEach(() => {
    threads.length = warned.length = 0;
    workerThreads.Worker = class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        threads.push(this);
      }
    };
    vi.spyOn(console, "warn").mockImplementation((text: string) => warned.push(text));
  });
  afterEach(() => {
    workerThreads.Worker = Worker;
    vi.restoreAllMocks();
  });

  const engineWith = (options: { threads: number; waitForThreads?: boolean }) =>
    new WasmEngine({ leastWork: 0, ...options });
  const expected = [...runProgram(new WasmEngine({ threads: 1 }), [square(1)])[0].readSync()];
  const squares = (engine: WasmEngine) => [...runProgram(engine, [square(1)])[0].readSync()];

  it("between two programs: the others continue, and the engine warns once", async () => {
    const engine = engineWith({ threads: 5, waitForThreads: true });
    for (const left of [4, 3]) {
      expect(squares(engine)).toEqual(expected);
      await threads[left - 1].terminate();
      expect(squares(engine)).toEqual(expected);
      expect(await engine.startThreads()).toBe(left);
    }
    expect(warned).toEqual([4, 3].map((count) => `Stargrad works on ${count} threads: a thread has ended.`));
  });

  it("in the middle of a program: the program is run again without it", async () => {
    const engine = engineWith({ threads: 4, waitForThreads: true });
    expect(squares(engine)).toEqual(expected);
    // The thread ends while this one computes, and so receives no events.
    void threads[0].terminate();
    for (let time = 0; time < 3; time++) expect(squares(engine)).toEqual(expected);
    const end = threads[2].terminate();
    expect(squares(engine)).toEqual(expected);
    await end;
    expect(await engine.startThreads()).toBe(2);
  });

  it("while it loads a program, or all of them, without a turn of the event loop", async () => {
    const engine = engineWith({ threads: 3, waitForThreads: true });
    expect(squares(engine)).toEqual(expected);
    const ends = threads.map((thread) => thread.terminate());
    const [other] = runProgram(engine, [square(2)]);
    expect([...other.readSync()]).toEqual(expected.slice(1));
    await Promise.all(ends);
    expect(await engine.startThreads()).toBe(1);
    expect(warned.at(-1)).toBe("Stargrad works on one thread: a thread has ended.");
  });

  it("while a variable is updated in place: an error says that its value may be incomplete", () => {
    const engine = engineWith({ threads: 3, waitForThreads: true });
    const x = createLeaf([size], "float32", new HostStorage(new Float32Array(size).fill(1)));
    const doubling = engine.prepare([createNode("add", [x, x], {})]);
    const [variable] = doubling.run([new HostStorage(new Float32Array(size).fill(1))], ["engine"]);
    doubling.run([variable], [variable]);
    expect([...variable.readSync()]).toEqual(new Array(size).fill(4));
    void threads[1].terminate();
    expect(() => {
      for (let time = 0; time < 1000; time++) doubling.run([variable], [variable]);
    }).toThrow("WasmEngine: a thread ended while it was updating variables in place");
  });
});
