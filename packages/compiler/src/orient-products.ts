import { BufferUses } from "./buffer-uses.js";
import {
  isProduct,
  leavesOf,
  type Kernel,
  type LoopKernel,
  type ProductKernel,
  type ProductOperand,
  type Program,
} from "./kernel.js";
import type { Digit, Layout } from "./layout.js";
import { kernelOf } from "./product.js";
import { changeLayouts } from "./rewrite.js";

/**
 * Computes cᵀ = bᵀ · aᵀ instead of c = a · b if the loops that read c traverse its columns. For example, the gradient of a weight is
 * the transpose of a product, and an optimizer reads it in the order of the weight. A product is equally fast in both orders; a
 * loop is not.
 */
export function orientProducts(program: Program): Program {
  const { kernels } = program;
  if (!kernels.some(isProduct)) return program;
  const uses = new BufferUses(program);
  const outputs = new Set(program.outputs);
  // Transposing a product changes the layouts of its readers, but not which buffers they use, so `uses` stays valid.
  const oriented = [...kernels];
  for (const [index, product] of kernels.entries()) {
    if (product.kind !== "product" || product.batch > 1 || product.m === 1 || product.n === 1) continue;
    const { buffer } = product.c;
    if (outputs.has(buffer) || uses.writers.countOf(buffer) > 1) continue;
    const readers = [...uses.readers.of(buffer)];
    const turned = transposed(
      product,
      readers.map((reader) => oriented[reader]),
    );
    if (turned === null) continue;
    oriented[index] = turned.product;
    for (const [i, reader] of readers.entries()) oriented[reader] = turned.readers[i];
  }
  return { ...program, kernels: oriented };
}

/** The transposed product, and the kernels that read it with changed layouts; `null` if not all of them would become faster. */
function transposed(
  product: ProductKernel,
  readers: readonly Kernel[],
): { readonly product: ProductKernel; readonly readers: readonly LoopKernel[] } | null {
  const { a, b, c, dtype, epilogue } = product;
  if (epilogue.length > 0 || !isRowMajor(product)) return null;
  const walkDown = (kernel: Kernel): kernel is LoopKernel =>
    isLoop(kernel) && layoutsOf(kernel, c.buffer).every((layout) => walksDown(layout, product));
  if (readers.length === 0 || !readers.every(walkDown)) return null;

  const turned: LoopKernel[] = [];
  for (const reader of readers) {
    const changed = changeLayouts(reader, (layout, buffer) =>
      buffer === c.buffer ? turn(layout, product) : layout,
    );
    if (changed === null) return null;
    turned.push(changed);
  }
  const digit = (length: number, stride: number): Digit[] => [{ length, stride }];
  const target = { ...c, rows: digit(product.n, product.m), columns: digit(product.m, 1) };
  return { product: kernelOf(dtype, swapped(b), swapped(a), target), readers: turned };
}

function isLoop(kernel: Kernel): kernel is LoopKernel {
  return kernel.kind === "map" || kernel.kind === "reduce";
}

function isRowMajor({ c, n }: ProductKernel): boolean {
  const [row, ...moreRows] = c.rows;
  const [column, ...moreColumns] = c.columns;
  const plain = moreRows.length === 0 && moreColumns.length === 0;
  return plain && c.offset === 0 && row.stride === n && column.stride === 1;
}

/** The layouts through which a loop reads a buffer. */
function layoutsOf(loop: LoopKernel, buffer: number): Layout[] {
  const expressions =
    loop.kind === "map" ? loop.results.map(({ expression }) => expression) : [loop.expression];
  return leavesOf(expressions).flatMap((leaf) =>
    leaf.kind === "load" && leaf.buffer === buffer ? [leaf.layout] : [],
  );
}

/** Whether the innermost digit of a layout of a product's result goes from row to row. */
function walksDown({ axes }: Layout, { n }: ProductKernel): boolean {
  const innermost = axes.flat().at(-1);
  return innermost !== undefined && innermost.stride !== 0 && innermost.stride % n === 0;
}

/** Converts a layout of a row-major [m, n] to one of the transposed, row-major [n, m]; `null` if a digit crosses the end of a row. */
function turn({ offset, axes }: Layout, { m, n }: ProductKernel): Layout | null {
  const turned: Digit[][] = [];
  for (const digits of axes) {
    const inner: Digit[] = [];
    for (const { length, stride } of digits) {
      if (stride % n === 0) inner.push({ length, stride: stride / n });
      else if (stride > 0 && stride * (length - 1) < n) inner.push({ length, stride: stride * m });
      else return null;
    }
    turned.push(inner);
  }
  return { offset: (offset % n) * m + Math.floor(offset / n), axes: turned };
}

function swapped(operand: ProductOperand): ProductOperand {
  return { ...operand, rows: operand.columns, columns: operand.rows };
}
