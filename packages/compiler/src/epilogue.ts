import { BufferUses } from "./buffer-uses.js";
import { refine } from "./iteration.js";
import {
  isProduct,
  buffersOf,
  countBuffers,
  leafKey,
  leavesOf,
  partsOf,
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
 * Makes loops that finish the sums of a product its epilogue: the bias, the activation, a residual connection, or only another
 * arrangement. The product then writes what the loop would have written, while the sums are still in the cache.
 *
 * A loop is taken in if it alone reads the product's result, every element once. The product moves to where the loop was.
 */
export function withEpilogues(program: Program, target: Target): Program {
  if (!program.kernels.some(isProduct)) return program;
  const uses = new BufferUses(program);
  const outputs = new Set(program.outputs);
  /** What has been placed so far; a product that has moved on leaves its place empty. */
  const placed: (Kernel | null)[] = [];
  /** By the buffer of its result: the place of a product whose only reader may take it in. */
  const products = new Map<number, number>();
  /** Where each buffer has been written last. */
  const written = new Map<number, number>();
  const place = (kernel: Kernel): void => {
    for (const buffer of buffersOf(kernel).writes) written.set(buffer, placed.length);
    if (kernel.kind === "product") {
      const { buffer } = kernel.c;
      const isRead = uses.readersOf(buffer).length + Number(outputs.has(buffer)) === 1;
      if (isRead && uses.writersOf(buffer).length === 1) products.set(buffer, placed.length);
    }
    placed.push(kernel);
  };
  for (const kernel of program.kernels) {
    const at = kernel.kind === "map" ? firstOf(products, buffersOf(kernel).reads) : undefined;
    const product = at === undefined ? null : placed[at];
    if (kernel.kind !== "map" || at === undefined || product?.kind !== "product") {
      place(kernel);
      continue;
    }
    const { reads, writes } = buffersOf(kernel);
    const operands = [product.a.buffer, product.b.buffer];
    // What the product reads has to be the same later on, and nothing may be read that it already writes.
    const isSafe =
      operands.every((buffer) => (written.get(buffer) ?? -1) <= at) &&
      writes.every((buffer) => !reads.includes(buffer) && !operands.includes(buffer));
    const both = isSafe ? join(product, kernel, target) : null;
    if (both !== null) {
      placed[at] = null;
      products.delete(product.c.buffer);
    }
    place(both ?? kernel);
  }
  return { ...program, kernels: placed.filter((kernel) => kernel !== null) };
}

/** The first place of those that some of the buffers have. */
function firstOf(places: ReadonlyMap<number, number>, buffers: readonly number[]): number | undefined {
  let first: number | undefined;
  for (const buffer of buffers) {
    const place = places.get(buffer);
    if (place !== undefined && (first === undefined || place < first)) first = place;
  }
  return first;
}

/** The product with the loop as its epilogue; `null` if the loop goes other ways than the product. */
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
  if (!products.positionsInEpilogues && others.some((leaf) => leaf.kind === "place")) return null;
  const touched = [product.a.buffer, product.b.buffer, ...results.map(({ buffer }) => buffer)];
  if (countBuffers(others, touched) > kernel.buffers) return null;
  const bytes = elementBytes(product.dtype);
  const isWider = ({ dtype }: LoopExpression): boolean => elementBytes(dtype) > bytes;
  const expressions = results.map(({ expression }) => expression);
  if (!products.mixedWidthEpilogues && partsOf(expressions).some(isWider)) return null;

  const walks = walksOf(product, shape, sums[0].layout, [...others, ...results]);
  if (walks === null) return null;
  const [ofOthers, ofResults] = [walks.slice(0, others.length), walks.slice(others.length)];
  // The sums grow where one of the results will stand: in the one that they are themselves, if there is one, or else in the
  // last. Results before it may be written in place; an optimizer's are its state, and then the parameter.
  const isSumItself = ({ expression }: MapResult): boolean => isSum(expression);
  const same = (result: MapResult): boolean => result.expression.dtype === product.dtype;
  const home = results.find(isSumItself) ?? results.findLast(same);
  if (home === undefined) return null;
  const { buffer } = home;
  // An epilogue knows one place in the buffer that the sums grow in.
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

/** How a loop's operands and results are walked along the batch, the rows and the columns of a product. */
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
  // Every element of the product, once.
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

/** Whether the columns of a row are all the same, or neighbours in memory but for seams. */
function isVector({ axes: [, , columns] }: Layout): boolean {
  return columns.at(-1)?.stride === 1 || columns.every(({ stride }) => stride === 0);
}
