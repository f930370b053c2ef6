import { crossEntropy, Linear, ReLU, Sequential } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { fromData, Generator, getEngine, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { trainStep } from "@stargrad/train";

/** One pass over all shapes under `trainStep`. */
export interface Pass {
  /** The number of recorded steps, counted by the calls of the loss. */
  readonly recorded: number;
  /** The number of compiled WebAssembly modules. */
  readonly modules: number;
  /** The number of programs that the engine keeps after the pass. */
  readonly programs: number;
  /** The mean CPU time of a step, in milliseconds. */
  readonly millisecondsPerStep: number;
  /** The memory that the engine holds after the pass, in MiB. */
  readonly used: number;
}

/** Trains a network of two layers with many shapes in turn, batches of 1 to 40 texts of length 1, 2, 3, …, in two passes. */
export async function passThroughShapes(shapes: number): Promise<[first: Pass, second: Pass]> {
  const [before, engine] = [getEngine(), new WasmEngine({ threads: 1 })];
  setEngine(engine);
  const generator = new Generator(1);
  const model = new Sequential(
    new Linear(8, 16, { generator }),
    new ReLU(),
    new Linear(16, 2, { generator }),
  );
  let recorded = 0;
  const step = trainStep({
    model,
    optimizer: new AdamW(model.parameters()),
    loss: ({ x, y }) => {
      recorded++;
      return { loss: crossEntropy(model.forward(x).mean({ axis: 1 }), y) };
    },
  });
  const pass = async (): Promise<Pass> => {
    recorded = 0;
    const [compiled, start] = [countModules(), process.cpuUsage()];
    for (let i = 0; i < shapes; i++) {
      const [batch, places] = [1 + (i % 40), 1 + Math.floor(i / 40)];
      // From data, so that the engine computes only the step.
      const x = fromData(Float32Array.from({ length: batch * places * 8 }, Math.sin), [batch, places, 8]);
      const y = fromData(
        Int32Array.from({ length: batch }, (_, j) => j % 2),
        [batch],
      );
      await step({ x, y }).loss.item();
    }
    const { user, system } = process.cpuUsage(start);
    const { programs, used } = engine.memory();
    return {
      recorded,
      modules: compiled(),
      programs,
      millisecondsPerStep: (user + system) / 1e3 / shapes,
      used: used / 2 ** 20,
    };
  };
  const passes: [Pass, Pass] = [await pass(), await pass()];
  setEngine(before);
  engine.dispose();
  return passes;
}

/** Counts the compiled modules. The returned function stops counting and returns the number. */
function countModules(): () => number {
  const { Module } = WebAssembly;
  let count = 0;
  WebAssembly.Module = new Proxy(Module, {
    construct(target, args: [BufferSource]) {
      count++;
      return new target(...args);
    },
  });
  return () => {
    WebAssembly.Module = Module;
    return count;
  };
}
