import { BufferUses } from "./buffer-uses.js";
import {
  leavesOf,
  type Kernel,
  type LoopExpression,
  type MapKernel,
  type MapResult,
  type ProductKernel,
  type Program,
} from "./kernel.js";
import { isContiguous, sameLayout } from "./layout.js";

type Load = Extract<LoopExpression, { kind: "load" }>;

/**
 * Which inputs each output may be written over while the program runs: those that are read for the last time, element by
 * element, by the loop that writes the output.
 */
export function inPlaceOutputs(program: Program): ReadonlyMap<number, ReadonlySet<number>> {
  const uses = new BufferUses(program);
  const outputs = new Set(program.outputs);
  const inputs = new Set(program.inputs.filter((input) => !outputs.has(input)));
  const loadsOf = remembered((kernel: MapKernel | ProductKernel) => loads(resultsOf(kernel)));
  return new Map(
    program.outputs.map((output) => {
      const [time, ...others] = uses.writersOf(output);
      const kernel: Kernel | undefined = others.length === 0 ? program.kernels[time] : undefined;
      return [
        output,
        new Set(kernel === undefined ? [] : inputsReadInStep(kernel, output, loadsOf).filter(fits)),
      ];

      function fits(input: number): boolean {
        const [from, to] = [program.buffers[input], program.buffers[output]];
        const alike = from.dtype === to.dtype && from.size === to.size;
        return inputs.has(input) && alike && uses.readersOf(input).at(-1) === time;
      }
    }),
  );
}

/**
 * The buffers a loop, or a product's epilogue, reads just where it writes an output: its expression for that reads them, and
 * nothing else elsewhere. A product adds up its sums in its own result, so nothing can be read from there.
 */
function inputsReadInStep(
  kernel: Kernel,
  output: number,
  loadsOf: (kernel: MapKernel | ProductKernel) => readonly Load[],
): number[] {
  if (kernel.kind !== "map" && kernel.kind !== "product") return [];
  const taken = kernel.kind === "map" ? [] : [kernel.a.buffer, kernel.b.buffer];
  const result = resultsOf(kernel).find(({ buffer }) => buffer === output);
  if (result === undefined || !isContiguous(result.layout)) return [];
  if (kernel.kind === "product" && kernel.c.buffer === output) return [];
  const all = loadsOf(kernel);
  const inStep = (buffer: number): boolean =>
    all.every((load) => load.buffer !== buffer || sameLayout(load.layout, result.layout));
  return loads([result])
    .map(({ buffer }) => buffer)
    .filter((buffer) => inStep(buffer) && !taken.includes(buffer));
}

function resultsOf(kernel: MapKernel | ProductKernel): readonly MapResult[] {
  return kernel.kind === "map" ? kernel.results : kernel.epilogue;
}

function loads(results: readonly MapResult[]): Load[] {
  return leavesOf(results.map(({ expression }) => expression)).filter((leaf) => leaf.kind === "load");
}

/** A function that is asked once for each kernel: a kernel may write many outputs. */
function remembered<K, V>(f: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.get(key) ?? f(key);
    known.set(key, value);
    return value;
  };
}
