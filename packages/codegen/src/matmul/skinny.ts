import { i32, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { entry, minimum, plus, times } from "./addressing.js";
import { emitCombine } from "./combine.js";
import { emitDots } from "./dots.js";
import { elementOf, type Element } from "./element.js";
import { emitEpilogue, outputOf, type Cell } from "./output.js";
import { emitRun, type Matmul } from "./run.js";
import type { MatmulSpec } from "./spec.js";

type Int = Expression<"i32">;

/** Up to this number of rows (or columns), packing the other operand costs more time than it saves. */
const fewLimit = 8;
/** The maximum number of lines of `few` for `combine`. It reads and writes every sum once per pass, so with more lines packing is faster. */
const combineLimit = 6;
/** The number of lines of the larger operand in one block. */
const blockLines = 64;

/**
 * The plan of a product with few rows or few columns, which is computed without packing. `few` is the operand with few lines
 * (rows of A or columns of B), `many` is the other operand.
 *
 * - `combine`: elements of `many` with the same p are neighbours, so sums of neighbouring lines are accumulated in memory.
 * - `dot`: the lines of `many` are contiguous, so each sum is a dot product of two vectors. The lines of `few` are copied if
 *   they are not contiguous.
 */
export interface SkinnyPlan {
  readonly way: "combine" | "dot";
  readonly few: "a" | "b";
}

export function planSkinny({ m, n, a, b, k }: MatmulSpec): SkinnyPlan | null {
  if (m === 0 || n === 0 || k === 0) return null;
  if (m <= n && m <= fewLimit) {
    if (b.layout === "rowsContiguous") return m <= combineLimit ? { way: "combine", few: "a" } : null;
    if (b.layout === "columnsContiguous") return { way: "dot", few: "a" };
  } else if (n <= fewLimit) {
    if (a.layout === "columnsContiguous") return n <= combineLimit ? { way: "combine", few: "b" } : null;
    if (a.layout === "rowsContiguous") return { way: "dot", few: "b" };
  }
  return null;
}

/** One operand: its address, the offsets of its lines, and the offsets along them. */
interface Side {
  readonly base: Local<"i32">;
  readonly lines: Local<"i32">;
  readonly depths: Local<"i32">;
}

export function emitSkinny(module: ModuleBuilder, spec: MatmulSpec, plan: SkinnyPlan, name?: string): Matmul {
  const { m, n, k } = spec;
  const element = elementOf(spec.dtype, spec.machine);
  const output = outputOf(spec, element);
  const swapped = plan.few === "b";
  const few = swapped ? n : m;
  const many = swapped ? m : n;
  // Sums can be accumulated in C itself if neighbouring lines of `many` are neighbours in C too.
  const inPlace = swapped
    ? n === 1 && output.rowStride === element.size
    : output.rowStride !== null && output.run === null;
  const sumStride = inPlace && !swapped ? (output.rowStride ?? 0) : many * element.size;
  const cell: Cell = (base, i, j) => {
    const [row, column] = swapped ? [j, i] : [i, j];
    return i32.add(output.rowAddress(base, row), output.columnOffset(base, column));
  };
  const combine = plan.way === "combine" ? emitCombine(module, spec, few, sumStride) : null;
  const fewAlongDepth = swapped ? spec.b.layout === "columnsContiguous" : spec.a.layout === "rowsContiguous";
  const copiesFew = plan.way === "dot" && !fewAlongDepth;
  const dot = plan.way === "dot" ? emitDots(module, spec, few, copiesFew, cell) : null;
  const epilogue = spec.epilogue === undefined ? null : emitEpilogue(module, element, output, spec.epilogue);
  const blocks = Math.ceil(many / blockLines);

  const run = emitRun(module, name, (body, inputs) => {
    const { a, aRows, aColumns, b, bRows, bColumns, c, scratch, context } = inputs;
    const sideA: Side = { base: a, lines: aRows, depths: aColumns };
    const sideB: Side = { base: b, lines: bColumns, depths: bRows };
    const [fewSide, manySide] = swapped ? [sideB, sideA] : [sideA, sideB];
    const [from, to] = swapped
      ? [inputs.rowBlock, inputs.rowBlockEnd]
      : [inputs.columnBlock, inputs.columnBlockEnd];
    const [fewFrom, fewTo] = swapped
      ? [inputs.columnBlock, inputs.columnBlockEnd]
      : [inputs.rowBlock, inputs.rowBlockEnd];
    const first = body.keep(times(from, blockLines));
    const end = body.keep(minimum(body.keep(times(to, blockLines)), i32.const(many)));
    body.if(i32.and(i32.lessSigned(fewFrom, fewTo), i32.lessSigned(first, end)), () => {
      if (combine !== null) {
        const sums = body.keep(inPlace ? c : plus(scratch, element.vectorBytes));
        body.call(
          combine,
          fewSide.base,
          fewSide.lines,
          fewSide.depths,
          manySide.base,
          manySide.lines,
          manySide.depths,
          sums,
          first,
          end,
        );
        if (!inPlace) {
          body.for({ to: i32.const(few) }, (i) => {
            body.for({ from: first, to: end }, (j) => {
              const sum = i32.add(i32.add(sums, times(i, sumStride)), times(j, element.size));
              body.store(body.keep(cell(inputs, i, j)), element.load(sum));
            });
          });
        }
      }
      if (dot !== null) {
        const start = ({ base, depths }: Side): Int => i32.add(base, i32.load(depths));
        const copy = body.keep(plus(scratch, element.vectorBytes));
        if (copiesFew) copyLines(body, element, fewSide, few, k, copy);
        body.call(
          dot,
          copiesFew ? copy : start(fewSide),
          fewSide.lines,
          start(manySide),
          manySide.lines,
          c,
          inputs.cRows,
          inputs.cColumns,
          first,
          end,
        );
      }
      if (epilogue !== null) {
        const rows = swapped ? [first, end] : [i32.const(0), i32.const(m)];
        const columns = swapped ? [i32.const(0), i32.const(n)] : [first, end];
        body.call(epilogue, c, inputs.cRows, inputs.cColumns, context, ...rows, ...columns);
      }
    });
  });
  return {
    run,
    scratchBytes:
      element.vectorBytes +
      (copiesFew ? few * k * element.size : 0) +
      (inPlace || combine === null ? 0 : few * sumStride),
    rowBlocks: swapped ? blocks : Math.min(1, m),
    columnBlocks: swapped ? Math.min(1, n) : blocks,
  };
}

/** Copies lines so that each is contiguous, one after another. */
function copyLines(
  body: FunctionBuilder,
  element: Element,
  side: Side,
  lines: number,
  depth: number,
  target: Int,
): void {
  const to = body.keep(target);
  body.for({ to: i32.const(lines) }, (line) => {
    const start = body.keep(i32.add(side.base, i32.load(entry(side.lines, line))));
    body.for({ to: i32.const(depth) }, (p) => {
      body.store(to, element.load(i32.add(start, i32.load(entry(side.depths, p)))));
      to.set(plus(to, element.size));
    });
  });
}
