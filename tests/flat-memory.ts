import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { backward } from "@stargrad/autograd";
import { observeNodes } from "@stargrad/graph/internal";
import { BatchNorm1d, crossEntropy, Dropout, Embedding, Linear, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { fromData, Generator, setEngine, tensor, type Tensor } from "@stargrad/tensor";
import { type WasmEngine } from "@stargrad/wasm";

// The memory of a plain loop without `dispose` and without scopes, some of whose steps throw.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The memory at a point of a loop. */
export interface Held {
  /** Of the engine, in bytes. */
  readonly engine: number;
  /** Of JavaScript, in bytes, after garbage collection. */
  readonly heap: number;
}

const y = fromData(Int32Array.of(0, 1, 2, 1), [4]);

/** A training step on an engine. Of thirteen steps, four throw, each at a different point. */
function trainingOn(engine: WasmEngine): (step: number) => void {
  setEngine(engine);
  const generator = new Generator(1);
  const model = new Sequential(
    new Embedding(7, 6, { generator }),
    new Linear(6, 8, { generator }),
    new BatchNorm1d(8),
    new ReLU(),
    new Dropout(0.2, { generator }),
    new Linear(8, 3, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  return (step) => {
    const kind = step % 13;
    const x = fromData(
      Int32Array.from({ length: 4 }, (_, i) => (step + i) % 7),
      [4],
    );
    try {
      const logits = model.forward(x);
      if (kind === 3) logits.add(tensor([1, 2]));
      // The engine detects the error in the middle of an update.
      const picked: Tensor =
        kind === 6 ? logits.gather(x.mul(0).add(9).reshape([4, 1]), { axis: 1 }) : logits;
      const loss = crossEntropy(logits, y).add(picked.mean());
      backward(loss);
      if (kind === 9) throw new Error("between backward and the step");
      optimizer.step();
      if (kind === 1) loss.itemSync();
      if (kind === 12) throw new Error("after the step");
    } catch (error) {
      if (![3, 6, 9, 12].includes(kind)) throw error;
    } finally {
      optimizer.zeroGrad();
    }
  };
}

/** Runs steps without a pause, and returns the memory after a few of them and at ten later points. */
export function holdWithoutPause(engine: WasmEngine, steps: number): Held[] {
  const train = trainingOn(engine);
  const held: Held[] = [];
  for (let step = 1; step <= steps; step++) {
    train(step);
    if (step % Math.floor(steps / 10) === 0) {
      collectGarbage();
      held.push({ engine: engine.memory().used, heap: process.memoryUsage().heapUsed });
    }
  }
  return held;
}

/** Runs steps, and returns the number of live nodes after each tenth of them. */
export async function liveNodes(engine: WasmEngine, steps: number): Promise<number[]> {
  const train = trainingOn(engine);
  let live = 0;
  const collected = new FinalizationRegistry(() => live--);
  const observer = observeNodes((node) => {
    live++;
    collected.register(node, undefined);
  });
  try {
    const counts: number[] = [];
    for (let step = 1; step <= steps; step++) {
      train(step);
      if (step % Math.floor(steps / 10) !== 0) continue;
      // Registries are called in turns of the event loop; many collected objects take several turns.
      for (let [quiet, last] = [0, live]; quiet < 5; last = live) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 5));
        quiet = live === last ? quiet + 1 : 0;
      }
      counts.push(live);
    }
    return counts;
  } finally {
    observeNodes(observer);
  }
}
