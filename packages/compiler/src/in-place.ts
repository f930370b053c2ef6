import { BufferUses } from "./buffer-uses.js";
import { leavesOf, type Kernel, type LoopExpression, type MapResult, type Program } from "./kernel.js";
import { isContiguous, sameLayout } from "./layout.js";

type Load = Extract<LoopExpression, { kind: "load" }>;

/**
 * For each output that has some, the inputs whose memory it may overwrite while the program runs: inputs whose last reader is the
 * loop that writes the output, and which that loop reads in the order in which it writes.
 */
export function inPlaceOutputs(program: Program): ReadonlyMap<number, ReadonlySet<number>> {
  const uses = new BufferUses(program);
  const outputs = new Set(program.outputs);
  const inputs = new Set(program.inputs.filter((input) => !outputs.has(input)));
  const known = new Map<number, readonly Load[]>();
  /** The loads of inputs by a kernel that is their last reader. */
  const lastLoads = (index: number): readonly Load[] => {
    const isLast = ({ buffer }: Load): boolean => inputs.has(buffer) && uses.readers.lastOf(buffer) === index;
    const found = known.get(index) ?? loads(resultsOf(program.kernels[index])).filter(isLast);
    known.set(index, found);
    return found;
  };
  const inPlace = new Map<number, ReadonlySet<number>>();
  for (const output of outputs) {
    const writer = uses.writers.countOf(output) === 1 ? uses.writers.lastOf(output) : undefined;
    const read = writer === undefined ? [] : lastLoads(writer);
    if (writer === undefined || read.length === 0) continue;
    const { dtype, size } = program.buffers[output];
    const fits = (input: number): boolean =>
      program.buffers[input].dtype === dtype && program.buffers[input].size === size;
    const found = inputsReadInStep(program.kernels[writer], output, read).filter(fits);
    if (found.length > 0) inPlace.set(output, new Set(found));
  }
  return inPlace;
}

/**
 * The buffers that a loop, or a product's epilogue, reads with the same layout with which it writes an output, in the expression of
 * that output, and through no other layout. A product accumulates in its result buffer, so an input cannot be read in place there.
 * `all`: the kernel's loads of candidate inputs.
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

/** The results of a loop, or of a product's epilogue. */
function resultsOf(kernel: Kernel): readonly MapResult[] {
  if (kernel.kind === "map") return kernel.results;
  return kernel.kind === "product" ? kernel.epilogue : [];
}

function loads(results: readonly MapResult[]): Load[] {
  return leavesOf(results.map(({ expression }) => expression)).filter((leaf) => leaf.kind === "load");
}
