import {
  axisOffsets,
  roundUp,
  type Digit,
  type ProductKernel,
  type ProductOperand,
} from "@stargrad/compiler";
import { bytesPerElement } from "@stargrad/graph";
import { i32, type Expression } from "./machine/expression.js";
import type { ModuleBuilder } from "./machine/module-builder.js";
import { piecesOf, type KernelContext } from "./kernel-context.js";
import { MathLibrary } from "./math/math-library.js";
import { maximum, minimum } from "./matmul/addressing.js";
import { emitMatmul, type Matmul } from "./matmul/matmul.js";
import { runParameters, type RunParameter } from "./matmul/run.js";
import type { OperandSpec, OutputSpec } from "./matmul/spec.js";
import { ProductEpilogue } from "./product-epilogue.js";
import type { Machine } from "./machine/machine.js";

/** Adds the functions of products to a module. Products of the same form share one function. */
export class ProductLibrary {
  readonly #module: ModuleBuilder;
  readonly #machine: Machine;
  readonly #math: MathLibrary;
  readonly #functions = new Map<string, Matmul>();

  constructor(module: ModuleBuilder, machine: Machine) {
    this.#module = module;
    this.#machine = machine;
    this.#math = new MathLibrary(module, machine);
  }

  functionFor(given: ProductKernel): Product {
    const kernel = isBetterTransposed(given) ? transposed(given) : given;
    const { dtype, m, n, k, a, b, c } = kernel;
    if (dtype === "bool") throw new Error("ProductLibrary got a product of bool; expected a numeric dtype");
    const form = {
      dtype,
      m,
      n,
      k,
      a: operandSpec(a),
      b: operandSpec(b),
      c: outputSpec(c, bytesPerElement(dtype)),
    };
    const epilogue = kernel.epilogue.length === 0 ? null : new ProductEpilogue(kernel, this.#machine);
    const key = JSON.stringify([form, epilogue?.key]);
    const known = this.#functions.get(key);
    const matmul =
      known ??
      emitMatmul(this.#module, {
        ...form,
        machine: this.#machine,
        ...(epilogue === null ? {} : { epilogue: epilogue.emit(this.#math) }),
      });
    this.#functions.set(key, matmul);
    const context = roundUp(matmul.scratchBytes, 4);
    return { kernel, matmul, epilogue, context, scratchBytes: context + (epilogue?.contextBytes ?? 0) };
  }
}

/** A product that is ready to be called. */
export interface Product {
  /** The given kernel, or its transpose. */
  readonly kernel: ProductKernel;
  readonly matmul: Matmul;
  readonly epilogue: ProductEpilogue | null;
  /** The offset of the epilogue's context in the scratch. */
  readonly context: number;
  readonly scratchBytes: number;
}

/**
 * Writes the calls that compute a batch of products. The work is divided into the blocks along the longer side of all matrices of
 * the batch, one after another. Each share is a range of about equally many blocks, which may start in the middle of one matrix and
 * end in the middle of another. Because the longer side is divided, each thread repeats only the packing of the shorter operand.
 */
export function writeProduct(
  { kernel, matmul, epilogue, context: contextStart }: Product,
  context: KernelContext,
): void {
  const { body, addressOf, tableOf, scratch, share } = context;
  const { a, b, c, dtype, m, n } = kernel;
  const bytes = bytesPerElement(dtype);
  const table = (digits: readonly Digit[], scale: number = bytes): Expression<"i32"> =>
    tableOf(axisOffsets(digits).map((offset) => offset * scale));
  const { rowStride, run } = outputSpec(c, bytes);
  const contextAt = i32.add(scratch, i32.const(contextStart));
  const byRows = m > n || (b.isPacked === true && m >= 16);
  const blocks = byRows ? matmul.rowBlocks : matmul.columnBlocks;
  const pieces = piecesOf(body, share, kernel.batch * blocks);

  const multiply = (batch: Expression<"i32">): void => {
    const entry = (digits: readonly Digit[], scale: number = bytes): Expression<"i32"> =>
      i32.load(i32.add(table(digits, scale), i32.shiftLeft(batch, i32.const(2))));
    const start = ({ buffer, offset, batch: digits }: ProductOperand): Expression<"i32"> => {
      const first = addressOf(buffer, offset);
      return digits.length === 0 ? first : i32.add(first, entry(digits));
    };
    const firstPiece = body.keep(i32.mul(batch, i32.const(blocks)));
    const within = (piece: Expression<"i32">): Expression<"i32"> => {
      const block = body.keep(i32.sub(piece, firstPiece));
      block.set(maximum(block, i32.const(0)));
      return minimum(block, i32.const(blocks));
    };
    const [from, to] =
      share === null ? [i32.const(0), i32.const(blocks)] : [within(pieces.from), within(pieces.to)];
    const inputs: Record<RunParameter, Expression<"i32">> = {
      a: start(a),
      aRows: table(a.rows),
      aColumns: table(a.columns),
      b: start(b),
      bRows: table(b.rows),
      bColumns: table(b.columns),
      c: start(c),
      cRows: rowStride === null ? table(c.rows) : i32.const(0),
      cColumns: run === null ? i32.const(0) : table(run === 1 ? c.columns : c.columns.slice(0, -1)),
      scratch,
      context: contextAt,
      rowBlock: byRows ? from : i32.const(0),
      rowBlockEnd: byRows ? to : i32.const(matmul.rowBlocks),
      columnBlock: byRows ? i32.const(0) : from,
      columnBlockEnd: byRows ? i32.const(matmul.columnBlocks) : to,
    };
    epilogue?.prepare(contextAt, context, entry, table);
    body.call(matmul.run, ...runParameters.map((name) => inputs[name]));
  };
  if (kernel.batch === 1) {
    multiply(i32.const(0));
    return;
  }
  if (blocks === 0) return;
  const batchOf = (piece: Expression<"i32">): Expression<"i32"> => i32.divUnsigned(piece, i32.const(blocks));
  const range = { from: batchOf(pieces.from), to: batchOf(i32.add(pieces.to, i32.const(blocks - 1))) };
  body.for(range, multiply);
}

/**
 * Whether cᵀ = bᵀ · aᵀ is faster. If the columns of a are contiguous, packing a few of its rows reads a small part of many cache
 * lines, while packing wide panels of aᵀ reads whole cache lines. This is faster if c is narrow, since c is then written transposed.
 */
function isBetterTransposed({ m, n, a, epilogue }: ProductKernel): boolean {
  return operandSpec(a).layout === "columnsContiguous" && epilogue.length === 0 && n <= 64 && m > 2 * n;
}

function transposed({ m, n, a, b, c, ...kernel }: ProductKernel): ProductKernel {
  const turn = (operand: ProductOperand): ProductOperand => ({
    ...operand,
    rows: operand.columns,
    columns: operand.rows,
  });
  return { ...kernel, m: n, n: m, a: turn(b), b: turn(a), c: turn(c) };
}

/** The axis along which an operand's elements are neighbours, and whether some of its elements appear several times. */
function operandSpec({ rows, columns, isPacked }: ProductOperand): OperandSpec {
  if (isUnit(columns)) return { layout: "rowsContiguous" };
  if (isPacked === true) return { layout: "any", overlapping: true };
  return { layout: isUnit(rows) ? "columnsContiguous" : "any", overlapping: overlaps([...rows, ...columns]) };
}

function outputSpec({ rows, columns }: ProductOperand, bytes: number): OutputSpec {
  const last = columns.at(-1);
  return {
    rowStride: rows.length > 1 ? null : rows.length === 0 ? 0 : rows[0].stride * bytes,
    run: columns.length === 0 || isUnit(columns) ? null : last?.stride === 1 ? last.length : 1,
  };
}

/** Whether an axis has a single digit of stride 1. An axis of length 1 has no digits, so the result is false. */
function isUnit(digits: readonly Digit[]): boolean {
  return digits.length === 1 && digits[0].stride === 1;
}

/** Whether different indices may address the same element: whether a digit's stride is less than the span of the digits inside it. */
function overlaps(digits: readonly Digit[]): boolean {
  let span = 1;
  for (const { length, stride } of [...digits].sort((x, y) => Math.abs(x.stride) - Math.abs(y.stride))) {
    if (Math.abs(stride) < span) return true;
    span = Math.abs(stride) * length;
  }
  return false;
}
