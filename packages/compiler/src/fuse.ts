import { sameShape } from "@stargrad/graph";
import { withEpilogues } from "./epilogue.js";
import { refine } from "./iteration.js";
import {
  buffersOf,
  leafKey,
  leavesOf,
  operandBound,
  type Kernel,
  type Leaf,
  type LoopExpression,
  type MapKernel,
  type Program,
} from "./kernel.js";
import { orientProducts } from "./orient-products.js";
import { replaceLeaves } from "./rewrite.js";
import { groupRows } from "./rows.js";
import { splitReductions } from "./split-reductions.js";

/**
 * Joins neighbouring elementwise loops over one shape into one, which then computes several results: an optimizer's update
 * of a parameter and its state is one pass over memory. What one of them wrote and the next read back stays in a register,
 * and if nobody else reads it, it is not written at all.
 */
export function fuse(program: Program): Program {
  const kernels: Kernel[] = [];
  for (const kernel of program.kernels) {
    const last = kernels.at(-1);
    const both = kernel.kind === "map" && last?.kind === "map" ? join(last, kernel) : null;
    if (both === null) kernels.push(kernel);
    else kernels[kernels.length - 1] = both;
  }
  const alive = { ...program, kernels: withoutDeadResults(kernels, program.outputs) };
  const joined = withEpilogues(orientProducts(alive));
  return groupRows(splitReductions(joined));
}

/** Both kernels as one; `null` if they cannot share a loop. */
function join(first: MapKernel, second: MapKernel): MapKernel | null {
  if (!sameShape(first.shape, second.shape)) return null;
  const written = new Map(first.results.map((result) => [result.buffer, result]));
  const results = [...first.results];
  const known = new Map<LoopExpression, LoopExpression | null>();
  for (const { expression, buffer, layout } of second.results) {
    const inlined = inline(expression, written, known);
    if (inlined === null || written.has(buffer)) return null;
    results.push({ expression: inlined, buffer, layout });
  }
  const leaves = new Map(
    leavesOf(results.map(({ expression }) => expression)).map((leaf) => [leafKey(leaf), leaf]),
  );
  const layouts = [...leaves.values(), ...results].map(({ layout }) => layout);
  if (layouts.length > operandBound || refine(first.shape, layouts) === null) return null;
  return { ...first, results };
}

/** Replaces what is read back by how it was computed; `null` if it is read in another order than it was written. */
function inline(
  expression: LoopExpression,
  written: ReadonlyMap<number, MapKernel["results"][number]>,
  known: Map<LoopExpression, LoopExpression | null>,
): LoopExpression | null {
  const readBack = (leaf: Leaf): LoopExpression | null => {
    const source = leaf.kind === "load" ? written.get(leaf.buffer) : undefined;
    if (source === undefined) return leaf;
    return JSON.stringify(source.layout) === JSON.stringify(leaf.layout) ? source.expression : null;
  };
  return replaceLeaves(expression, readBack, known);
}

/** Leaves out what is written and never read. */
function withoutDeadResults(kernels: readonly Kernel[], outputs: readonly number[]): Kernel[] {
  const read = new Set([...outputs, ...kernels.flatMap((kernel) => buffersOf(kernel).reads)]);
  return kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind !== "map") return [kernel];
    const results = kernel.results.filter(({ buffer }) => read.has(buffer));
    return results.length === 0 ? [] : [{ ...kernel, results }];
  });
}
