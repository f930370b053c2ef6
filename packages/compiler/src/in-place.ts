import { BufferUses } from "./buffer-uses.js";
import { leavesOf, type Kernel, type LoopExpression, type MapResult, type Program } from "./kernel.js";
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
  const known = new Map<number, readonly Load[]>();
  /** What the kernel at a place of the program reads of inputs, for the last time. */
  const lastLoads = (time: number): readonly Load[] => {
    const isLast = ({ buffer }: Load): boolean =>
      inputs.has(buffer) && uses.readersOf(buffer).at(-1) === time;
    const found = known.get(time) ?? loads(resultsOf(program.kernels[time])).filter(isLast);
    known.set(time, found);
    return found;
  };
  const inPlace = new Map<number, ReadonlySet<number>>();
  for (const output of outputs) {
    const writers = uses.writersOf(output);
    const read = writers.length === 1 ? lastLoads(writers[0]) : [];
    const found = read.length === 0 ? [] : inputsReadInStep(program.kernels[writers[0]], output, read);
    const { dtype, size } = program.buffers[output];
    const fits = (input: number): boolean =>
      program.buffers[input].dtype === dtype && program.buffers[input].size === size;
    inPlace.set(output, new Set(found.filter(fits)));
  }
  return inPlace;
}

/**
 * The buffers a loop, or a product's epilogue, reads just where it writes an output: its expression for that reads them, and
 * nothing else elsewhere. A product adds up its sums in its own result, so nothing can be read from there. `all`: what the kernel
 * reads of inputs that might do.
 */
function inputsReadInStep(kernel: Kernel, output: number, all: readonly Load[]): number[] {
  const taken = kernel.kind === "product" ? [kernel.a.buffer, kernel.b.buffer, kernel.c.buffer] : [];
  if (taken.includes(output)) return [];
  const [result, ...otherParts] = resultsOf(kernel).filter(({ buffer }) => buffer === output);
  if (otherParts.length > 0 || !isContiguous(result.layout)) return [];
  const inStep = (buffer: number): boolean =>
    all.every((load) => load.buffer !== buffer || sameLayout(load.layout, result.layout));
  const read = loads([result]).map(({ buffer }) => buffer);
  return read.filter(
    (buffer) => all.some((load) => load.buffer === buffer) && inStep(buffer) && !taken.includes(buffer),
  );
}

/** What a loop computes, or a product in its epilogue. */
function resultsOf(kernel: Kernel): readonly MapResult[] {
  if (kernel.kind === "map") return kernel.results;
  return kernel.kind === "product" ? kernel.epilogue : [];
}

function loads(results: readonly MapResult[]): Load[] {
  return leavesOf(results.map(({ expression }) => expression)).filter((leaf) => leaf.kind === "load");
}
