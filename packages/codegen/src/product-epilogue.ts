import {
  leafKey,
  leavesOf,
  subexpressionsOf,
  type Digit,
  type Leaf,
  type LoopExpression,
  type ProductKernel,
} from "@stargrad/compiler";
import { bytesPerElement, type DType } from "@stargrad/graph";
import { i32, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import type { KernelContext } from "./kernel-context.js";
import { LoopValues, type LaneRange, type OperandCursor } from "./loop-values.js";
import type { Machine } from "./machine/machine.js";
import type { MathLibrary } from "./math/math-library.js";
import { entry, plus, times } from "./matmul/addressing.js";
import { elements } from "./matmul/element.js";
import { offsetInRuns } from "./matmul/output.js";
import type { Epilogue } from "./matmul/spec.js";
import { storeElement, storeVector } from "./vectors.js";

/** An operand or a result that an epilogue walks besides the sums. */
interface EpilogueOperand {
  readonly buffer: number;
  readonly dtype: DType;
  readonly offset: number;
  readonly batch: readonly Digit[];
  readonly rows: readonly Digit[];
  readonly columns: readonly Digit[];
  /** In bytes; `null` if a table of row offsets is needed. */
  readonly rowStride: number | null;
  /** Whether all columns of a row have the same value. */
  readonly isConstant: boolean;
  /** Otherwise the number of columns in a run of neighbours; a table holds the offset of each run. `null` if a row is one run. */
  readonly run: number | null;
}

/** The bytes of a term in the context while a product runs: its address and the addresses of its two tables. */
const termBytes = 12;

/** The epilogue of a product: its code, and the context that the code reads at run time. */
export class ProductEpilogue {
  readonly #kernel: ProductKernel;
  readonly #machine: Machine;
  readonly #expressions: readonly LoopExpression[];
  readonly #leaves: readonly Leaf[];
  /** Operands by their key, then results. */
  readonly #terms: readonly EpilogueOperand[];
  readonly #operands: readonly string[];

  constructor(kernel: ProductKernel, machine: Machine) {
    this.#machine = machine;
    this.#kernel = kernel;
    this.#expressions = kernel.epilogue.map(({ expression }) => expression);
    this.#leaves = leavesOf(this.#expressions);
    const operands = new Map(
      this.#leaves.filter((leaf) => !this.#isSum(leaf)).map((leaf) => [leafKey(leaf), leaf]),
    );
    this.#operands = [...operands.keys()];
    const results = kernel.epilogue.filter(({ buffer }) => buffer !== kernel.c.buffer);
    this.#terms = [
      ...[...operands.values()].flatMap((leaf) => (leaf.kind === "load" ? [termOf(leaf)] : [])),
      ...results.map(({ expression: { dtype }, buffer, layout }) => termOf({ buffer, dtype, layout })),
    ];
  }

  /** Two epilogues with the same key have the same code. */
  get key(): string {
    const parts = subexpressionsOf(this.#expressions);
    return JSON.stringify([
      this.#terms.map(({ dtype, rowStride, isConstant, run }) => [dtype, rowStride, isConstant, run]),
      parts.map((part) =>
        part.kind === "apply"
          ? [part.primitive, part.dtype, part.inputs.map((input) => parts.indexOf(input))]
          : this.#isSum(part)
            ? "sum"
            : this.#operands.indexOf(leafKey(part)),
      ),
      this.#kernel.epilogue.map(({ expression, buffer }) => [
        parts.indexOf(expression),
        buffer === this.#kernel.c.buffer,
      ]),
    ]);
  }

  /** The bytes of its context. */
  get contextBytes(): number {
    return this.#terms.length * termBytes;
  }

  /** Stores the addresses of the terms in the context, where the code reads them. */
  prepare(
    context: Expression<"i32">,
    { body, addressOf }: Pick<KernelContext, "body" | "addressOf">,
    entryOf: (digits: readonly Digit[], bytes: number) => Expression<"i32">,
    tableFor: (digits: readonly Digit[], bytes: number) => Expression<"i32">,
  ): void {
    for (const [i, term] of this.#terms.entries()) {
      const { buffer, dtype, offset, batch, rows, columns, rowStride, run } = term;
      const bytes = bytesPerElement(dtype);
      const first = addressOf(buffer, offset);
      const at = i * termBytes;
      body.store(context, batch.length === 0 ? first : i32.add(first, entryOf(batch, bytes)), at);
      if (rowStride === null) body.store(context, tableFor(rows, bytes), at + 4);
      if (run !== null) body.store(context, tableFor(columns.slice(0, -1), bytes), at + 8);
    }
  }

  /** Returns the emitter of the code. */
  emit(math: MathLibrary): Epilogue {
    return (body, context) => this.#emit(body, context, math);
  }

  #emit(body: FunctionBuilder, context: Local<"i32">, math: MathLibrary): ReturnType<Epilogue> {
    const { dtype, epilogue, c } = this.#kernel;
    if (dtype === "bool") throw new Error("ProductEpilogue got a product of bool; expected a numeric dtype");
    const machine = this.#machine;
    const width = machine.vectorBytes / elements[dtype].size;
    const half = dtype === "float64";
    const walked = this.#terms.map((term, i) => ({
      ...term,
      bytes: bytesPerElement(term.dtype),
      base: body.keep(i32.load(context, i * termBytes)),
      rowTable: i32.load(context, i * termBytes + 4),
      columnTable: i32.load(context, i * termBytes + 8),
      pointer: body.local("i32"),
    }));
    const sumCursor: OperandCursor = {
      dtype,
      strides: [1],
      scale: elements[dtype].size,
      isIndex: false,
      pointer: body.local("i32"),
    };
    const cursors = walked.map(({ dtype: type, isConstant, bytes, pointer }): OperandCursor => ({
      dtype: type,
      strides: [isConstant ? 0 : 1],
      scale: bytes,
      isIndex: false,
      pointer,
    }));
    const sources = new Map(
      this.#leaves.map((leaf) => [
        leaf,
        this.#isSum(leaf) ? sumCursor : cursors[this.#operands.indexOf(leafKey(leaf))],
      ]),
    );
    const values = { body, math, machine, width, half, sources };
    let ofStretch = new LoopValues(values, 0);

    return {
      runs: walked.flatMap(({ run }) => (run === null ? [] : [run])),
      begin: (row, column) => {
        for (const { base, rowStride, rowTable, isConstant, run, bytes, columnTable, pointer } of walked) {
          const along = rowStride === null ? i32.load(entry(rowTable, row)) : times(row, rowStride);
          const start = i32.add(base, along);
          pointer.set(isConstant ? start : i32.add(start, offsetInRuns(columnTable, column, run, bytes)));
        }
        ofStretch = new LoopValues(values, 0);
        ofStretch.hoist(this.#expressions);
      },
      finish: (sum, wide) => {
        sumCursor.pointer.set(sum);
        const here = new LoopValues(values, wide ? 0 : null, wide ? ofStretch : null);
        const step: LaneRange = { ahead: 0, lanes: wide ? width : 1 };
        const results = epilogue.map(({ expression, buffer }, i) => ({
          value: here.of(expression, step),
          type: expression.dtype,
          pointer: buffer === c.buffer ? sum : walked[this.#termOfResult(i)].pointer,
        }));
        for (const { value, type, pointer } of results) {
          if (wide) storeVector(body, type, half, pointer, value);
          else storeElement(body, type, pointer, value);
        }
        for (const { isConstant, bytes, pointer } of walked) {
          if (!isConstant) pointer.set(plus(pointer, wide ? width * bytes : bytes));
        }
      },
    };
  }

  /** The index of the term of a result that is not stored in place of the sums. */
  #termOfResult(result: number): number {
    const { epilogue, c } = this.#kernel;
    return (
      this.#operands.length + epilogue.slice(0, result).filter(({ buffer }) => buffer !== c.buffer).length
    );
  }

  #isSum(leaf: LoopExpression): boolean {
    return leaf.kind === "load" && leaf.buffer === this.#kernel.c.buffer;
  }
}

function termOf({
  buffer,
  dtype,
  layout,
}: Pick<Extract<Leaf, { kind: "load" }>, "buffer" | "dtype" | "layout">): EpilogueOperand {
  const [batch, rows, columns] = layout.axes;
  const last = columns.at(-1);
  const isConstant = columns.every(({ stride }) => stride === 0);
  if (!isConstant && last?.stride !== 1)
    throw new Error(
      "ProductEpilogue got an operand whose columns are not neighbours; expected a column stride of 0 or 1",
    );
  return {
    buffer,
    dtype,
    offset: layout.offset,
    batch,
    rows,
    columns,
    rowStride: rows.length > 1 ? null : (rows.at(0)?.stride ?? 0) * bytesPerElement(dtype),
    isConstant,
    run: isConstant || columns.length === 1 ? null : (last?.length ?? null),
  };
}
