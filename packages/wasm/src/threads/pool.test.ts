import { createLeaf, createNode, HostStorage, runProgram, type Node } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import { expect, it } from "vitest";
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
