import { BufferUses } from "./buffer-uses.js";
import { refine } from "./iteration.js";
import {
  isProduct,
  buffersOf,
  countBuffers,
  leafKey,
  leavesOf,
  subexpressionsOf,
  type Kernel,
  type LoopExpression,
  type MapKernel,
  type MapResult,
  type ProductKernel,
  type Program,
} from "./kernel.js";
import { joined, type Digit, type Layout } from "./layout.js";
import { digitsOf, locate, type ProductDigit } from "./product.js";
import { replaceLeaves } from "./rewrite.js";
import type { Target } from "./target.js";

/**
 * Fuses a loop that post-processes a product's result into the product, as its epilogue: a bias, an activation, a residual
 * connection, or only another layout. The product then writes the results of the loop while the sums are still in the cache.
 *
 * A loop becomes an epilogue if only it reads the product's result, and every element once. The product moves to the position of
 * the loop in the program.
 */
export function withEpilogues(program: Program, target: Target): Program {
  if (!program.kernels.some(isProduct)) return program;
  const uses = new BufferUses(program);
  const outputs = new Set(program.outputs);
  /** The kernels so far; `null` where a product was, before it was fused into a later loop. */
  const placed: (Kernel | null)[] = [];
  /** By the buffer of its result: the index in `placed` of a product that has only one reader. */
  const products = new Map<number, number>();
  /** By buffer: the index in `placed` of its last writer. */
  const written = new Map<number, number>();
  const add = (kernel: Kernel): void => {
    for (const buffer of buffersOf(kernel).writes) written.set(buffer, placed.length);
    if (kernel.kind === "product") {
      const { buffer } = kernel.c;
      const isRead = uses.readers.countOf(buffer) + Number(outputs.has(buffer)) === 1;
      if (isRead && uses.writers.countOf(buffer) === 1) products.set(buffer, placed.length);
    }
    placed.push(kernel);
  };
  for (const kernel of program.kernels) {
    const at = kernel.kind === "map" ? firstOf(products, buffersOf(kernel).reads) : undefined;
    const product = at === undefined ? null : placed[at];
    if (kernel.kind !== "map" || at === undefined || product?.kind !== "product") {
      add(kernel);
      continue;
    }
    const { reads, writes } = buffersOf(kernel);
    const operands = [product.a.buffer, product.b.buffer];
    // The product's operands must not be written between the product and the loop, and the loop must not write what either reads.
    const isSafe =
      operands.every((buffer) => (written.get(buffer) ?? -1) <= at) &&
      writes.every((buffer) => !reads.includes(buffer) && !operands.includes(buffer));
    const both = isSafe ? join(product, kernel, target) : null;
    if (both !== null) {
      placed[at] = null;
      products.delete(product.c.buffer);
    }
    add(both ?? kernel);
  }
  return { ...program, kernels: placed.filter((kernel) => kernel !== null) };
}

/** The smallest index that some of the buffers have. */
function firstOf(indices: ReadonlyMap<number, number>, buffers: readonly number[]): number | undefined {
  let first: number | undefined;
  for (const buffer of buffers) {
    const index = indices.get(buffer);
    if (index !== undefined && (first === undefined || index < first)) first = index;
  }
  return first;
}

/** The product with the loop as its epilogue; `null` if the target or their layouts do not allow it. */
function join(product: ProductKernel, { shape, results }: MapKernel, target: Target): ProductKernel | null {
  const { products, kernel, elementBytes } = target;
  if (product.epilogue.length > 0) return null;
  const leaves = [
    ...new Map(
      leavesOf(results.map(({ expression }) => expression)).map((leaf) => [leafKey(leaf), leaf]),
    ).values(),
  ];
  const isSum = (leaf: LoopExpression): boolean => leaf.kind === "load" && leaf.buffer === product.c.buffer;
  const sums = leaves.filter(isSum);
  const others = leaves.filter((leaf) => !isSum(leaf));
  if (sums.length !== 1 || others.length > products.epilogueOperands) return null;
  if (!products.positionsInEpilogues && others.some((leaf) => leaf.kind === "index")) return null;
  const touched = [product.a.buffer, product.b.buffer, ...results.map(({ buffer }) => buffer)];
  if (countBuffers(others, touched) > kernel.buffers) return null;
  const bytes = elementBytes(product.dtype);
  const isWider = ({ dtype }: LoopExpression): boolean => elementBytes(dtype) > bytes;
  const expressions = results.map(({ expression }) => expression);
  if (!products.mixedWidthEpilogues && subexpressionsOf(expressions).some(isWider)) return null;

  const walks = walksOf(product, shape, sums[0].layout, [...others, ...results]);
  if (walks === null) return null;
  const [ofOthers, ofResults] = [walks.slice(0, others.length), walks.slice(others.length)];
  // The product accumulates in the buffer of one of the results: of the result that is the sums themselves, if there is one, and
  // otherwise of the last. The results before it may then be written in place: for an optimizer, its state.
  const isSumItself = ({ expression }: MapResult): boolean => isSum(expression);
  const same = (result: MapResult): boolean => result.expression.dtype === product.dtype;
  const home = results.find(isSumItself) ?? results.findLast(same);
  if (home === undefined) return null;
  const { buffer } = home;
  // An epilogue can access the accumulator buffer through one layout only.
  if (results.some((result) => result !== home && result.buffer === buffer)) return null;
  const layout = ofResults[results.indexOf(home)];
  const [batch, rows, columns] = layout.axes;
  if (!products.stridedEpilogues && ![...ofOthers, ...ofResults].every(isVector)) return null;

  const moved = new Map<string, LoopExpression>(
    others.map((leaf, i) => [leafKey(leaf), { ...leaf, layout: ofOthers[i] }]),
  );
  moved.set(leafKey(sums[0]), { kind: "load", dtype: product.dtype, buffer, layout });
  const known = new Map<LoopExpression, LoopExpression | null>();
  const epilogue = results.flatMap((result, i): MapResult[] => {
    if (result === home && isSumItself(result)) return [];
    const expression = replaceLeaves(result.expression, (leaf) => moved.get(leafKey(leaf)) ?? null, known);
    return expression === null ? [] : [{ expression, buffer: result.buffer, layout: ofResults[i] }];
  });
  const c = { buffer, offset: layout.offset, batch, rows, columns };
  return { ...product, c, epilogue };
}

/** The layouts of a loop's operands and results along the batch, rows and columns of a product; `null` if there are none. */
function walksOf(
  product: ProductKernel,
  shape: readonly number[],
  sum: Layout,
  walked: readonly { readonly layout: Layout }[],
): Layout[] | null {
  const digits = digitsOf(product);
  const iteration = refine(shape, [sum, ...walked.map(({ layout }) => layout)]);
  if (digits === null || iteration === null || sum.offset !== product.c.offset) return null;
  const [along, ...others] = iteration.strides;
  const parts: { readonly part: ProductDigit; readonly strides: readonly number[] }[] = [];
  for (const [i, length] of iteration.lengths.entries()) {
    const found = locate(digits, { length, stride: along[i] });
    if (found === null) return null;
    for (const part of found) {
      parts.push({ part, strides: others.map((strides) => (strides[i] * part.c) / along[i]) });
    }
  }
  parts.sort((x, y) => y.part.span - x.part.span);
  // The loop must cover every element of the product exactly once.
  for (const [axis, length] of Object.entries({
    batch: product.batch,
    rows: product.m,
    columns: product.n,
  })) {
    const inward = parts.filter(({ part }) => part.axis === axis).reverse();
    let span = 1;
    for (const { part } of inward) {
      if (part.span !== span) return null;
      span *= part.length;
    }
    if (span !== length) return null;
  }
  return walked.map(({ layout }, i) => ({
    offset: layout.offset,
    axes: (["batch", "rows", "columns"] as const).map((axis) =>
      joined(
        parts
          .filter(({ part }) => part.axis === axis)
          .map(({ part, strides }): Digit => ({ length: part.length, stride: strides[i] })),
      ),
    ),
  }));
}

/** Whether the innermost digit of the columns has stride 1, or all digits have stride 0. */
function isVector({ axes: [, , columns] }: Layout): boolean {
  return columns.at(-1)?.stride === 1 || columns.every(({ stride }) => stride === 0);
}
