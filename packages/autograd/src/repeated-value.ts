import { createLeaf, elementsOf, HostStorage, type TypedArray } from "@stargrad/graph";
import { pendingWithCoOutputs } from "@stargrad/graph/internal";
import { getEngine, Tensor } from "@stargrad/tensor";
import { startProgram } from "@stargrad/tensor/internal";

/** A scalar function, to be evaluated at many inputs of the same shapes and types. */
export type ScalarFunction = (...inputs: Tensor[]) => Tensor;

/**
 * A function that returns the value of `f` at other inputs of the shapes and types of `inputs`. It calls `f` once, and runs the program
 * of its graph for each value. It calls `f` for each value instead if the graph may depend on the values of the inputs, because `f` reads
 * them, or if the program changes variables. The engine must be synchronous.
 */
export function repeatedValue(f: ScalarFunction, inputs: readonly Tensor[]): (...inputs: Tensor[]) => number {
  const watched = inputs.map((x) => new WatchedStorage(x.dataSync()));
  const y = f(...inputs.map(({ shape, dtype }, i) => new Tensor(createLeaf(shape, dtype, watched[i]))));
  const isRead = watched.some((storage) => storage.reads > 0);
  if (isRead || pendingWithCoOutputs([y.node]).coOutputs.size > 0) return (...at) => f(...at).itemSync();
  const engine = getEngine();
  const program = engine.prepare([y.node]);
  const sources = program.leaves.map(elementsOf);
  const places = sources.map((storage) => watched.findIndex((input) => input === storage));
  return (...at) => {
    const elements = sources.map((storage, i) => (places[i] < 0 ? storage : elementsOf(at[places[i]].node)));
    return startProgram(engine, program, [y], elements, ["host"])[0].readSync()[0];
  };
}

/** Elements that count how often they are read, by a program or otherwise: `data()` computes before it reads. */
class WatchedStorage extends HostStorage {
  reads = 0;

  override readSync(): TypedArray {
    this.reads++;
    return this.data;
  }

  override read(): Promise<TypedArray> {
    return Promise.resolve(this.readSync());
  }
}
