import { axisOffsets, type Digit, type ProductKernel, type ProductOperand } from "@stargrad/compiler";
import { bytesPerElement } from "@stargrad/graph";
import { i32, type Expression } from "./assembler/expression.js";
import type { ModuleBuilder } from "./assembler/module-builder.js";
import type { KernelContext } from "./kernel-context.js";
import { emitMatmul, type Matmul } from "./matmul/matmul.js";
import type { MatmulSpec, OperandSpec } from "./matmul/spec.js";

/** Adds the function of a product to a module. Products of one form share it. */
export class ProductLibrary {
  readonly #module: ModuleBuilder;
  readonly #relaxed: boolean;
  readonly #functions = new Map<string, Matmul>();

  constructor(module: ModuleBuilder, { relaxed }: { readonly relaxed: boolean }) {
    this.#module = module;
    this.#relaxed = relaxed;
  }

  functionFor({ dtype, m, n, k, a, b }: ProductKernel): Matmul {
    if (dtype === "bool") throw new Error("a product of bools");
    const spec: MatmulSpec = { dtype, m, n, k, a: layoutOf(a), b: layoutOf(b), relaxed: this.#relaxed };
    const key = JSON.stringify(spec);
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const added = emitMatmul(this.#module, spec);
    this.#functions.set(key, added);
    return added;
  }
}

/** Writes the calls that compute a batch of products. */
export function writeProduct(kernel: ProductKernel, product: Matmul, context: KernelContext): void {
  const { body, addressOf, tableOf, scratch } = context;
  const { a, b, dtype, m, n } = kernel;
  const bytes = bytesPerElement(dtype);
  const table = (digits: readonly Digit[]): Expression<"i32"> =>
    tableOf(axisOffsets(digits).map((offset) => offset * bytes));
  const start = ({ buffer, offset }: ProductOperand): Expression<"i32"> =>
    i32.add(addressOf(buffer), i32.const(offset * bytes));
  const [aRows, aColumns, bRows, bColumns] = [a.rows, a.columns, b.rows, b.columns].map(table);

  const multiply = (batch: Expression<"i32">, left: Expression<"i32">, right: Expression<"i32">): void => {
    const output = i32.add(addressOf(kernel.buffer), i32.mul(batch, i32.const(m * n * bytes)));
    const zero = i32.const(0);
    const tables = [aRows, aColumns];
    const blocks = [zero, i32.const(product.rowBlocks), zero, i32.const(product.columnBlocks)];
    body.call(
      product.run,
      left,
      ...tables,
      right,
      bRows,
      bColumns,
      output,
      zero,
      zero,
      scratch,
      zero,
      batch,
      ...blocks,
    );
  };
  if (kernel.batch === 1) {
    multiply(i32.const(0), start(a), start(b));
    return;
  }
  const [aBatch, bBatch] = [a.batch, b.batch].map(table);
  body.for({ to: i32.const(kernel.batch) }, (batch) => {
    const entry = (table: Expression<"i32">): Expression<"i32"> =>
      i32.load(i32.add(table, i32.shiftLeft(batch, i32.const(2))));
    multiply(batch, i32.add(start(a), entry(aBatch)), i32.add(start(b), entry(bBatch)));
  });
}

/** Which way an operand's elements are neighbours. An axis of length 1 says nothing. */
function layoutOf({ rows, columns }: ProductOperand): OperandSpec {
  if (isUnit(columns)) return { layout: "rowsContiguous" };
  return { layout: isUnit(rows) ? "columnsContiguous" : "any" };
}

function isUnit(digits: readonly Digit[]): boolean {
  return digits.length === 1 && digits[0].stride === 1;
}
