import { BufferUses } from "./buffer-uses.js";
import { leavesOf, type Kernel, type LoopExpression, type Program } from "./kernel.js";
import { isContiguous, sameLayout } from "./layout.js";

/**
 * Which inputs each output may be written over while the program runs: those that are read for the last time, element by
 * element, by the loop that writes the output.
 */
export function inPlaceOutputs(program: Program): ReadonlyMap<number, ReadonlySet<number>> {
  const uses = new BufferUses(program);
  const outputs = new Set(program.outputs);
  const inputs = new Set(program.inputs.filter((input) => !outputs.has(input)));
  return new Map(
    program.outputs.map((output) => {
      const [time, ...others] = uses.writersOf(output);
      const kernel: Kernel | undefined = others.length === 0 ? program.kernels[time] : undefined;
      return [output, new Set(kernel === undefined ? [] : inputsReadInStep(kernel, output).filter(fits))];

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
function inputsReadInStep(kernel: Kernel, output: number): number[] {
  if (kernel.kind !== "map" && kernel.kind !== "product") return [];
  const results = kernel.kind === "map" ? kernel.results : kernel.epilogue;
  const taken = kernel.kind === "map" ? [] : [kernel.a.buffer, kernel.b.buffer];
  const result = results.find(({ buffer }) => buffer === output);
  if (result === undefined || !isContiguous(result.layout)) return [];
  if (kernel.kind === "product" && kernel.c.buffer === output) return [];
  const all = loads(results.map(({ expression }) => expression));
  const inStep = (buffer: number): boolean =>
    all.every((load) => load.buffer !== buffer || sameLayout(load.layout, result.layout));
  return loads([result.expression])
    .map(({ buffer }) => buffer)
    .filter((buffer) => inStep(buffer) && !taken.includes(buffer));
}

function loads(expressions: readonly LoopExpression[]): Extract<LoopExpression, { kind: "load" }>[] {
  return leavesOf(expressions).filter((leaf) => leaf.kind === "load");
}
