import { i32, v128, type Expression } from "../assembler/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import { entry, minimum, plus, times } from "./addressing.js";
import { elements, type Element } from "./element.js";
import { emitEpilogue, outputOf, type OutputBase } from "./output.js";
import { emitRun, type Matmul } from "./run.js";
import type { MatmulSpec } from "./spec.js";

type Int = Expression<"i32">;

/** Up to here a product has so few rows (or columns) that packing the other operand costs more than it saves. */
const fewLimit = 8;
/** Lines of the larger operand in one block. */
const blockLines = 64;
/** Lines of `few` in a tile of dot products, at most, and sums in it. */
const dotRows = 4;
const dotSums = 8;

/**
 * How a product with few rows, or few columns, is computed without packing. `few` is the operand with few lines (rows
 * of A or columns of B), `many` the other one.
 *
 * - `combine`: what has the same p stands together in `many`, so sums of neighbouring lines grow side by side in memory.
 * - `dot`: the lines of both are contiguous, so each sum is a product of two vectors.
 */
export interface SkinnyPlan {
  readonly way: "combine" | "dot";
  readonly few: "a" | "b";
}

export function planSkinny({ m, n, a, b, k }: MatmulSpec): SkinnyPlan | null {
  if (k === 0) return null;
  const bothAlongDepth = a.layout === "rowsContiguous" && b.layout === "columnsContiguous";
  if (m <= n && m <= fewLimit) {
    if (bothAlongDepth) return { way: "dot", few: "a" };
    if (b.layout === "rowsContiguous") return { way: "combine", few: "a" };
  } else if (n <= fewLimit) {
    if (bothAlongDepth) return { way: "dot", few: "b" };
    if (a.layout === "columnsContiguous") return { way: "combine", few: "b" };
  }
  return null;
}

/** The address in C of the result for line i of `few` and line j of `many`. */
type Cell = (base: OutputBase, i: Int, j: Int) => Int;

/** One operand: its address, the offsets of its lines, and the offsets along them. */
interface Side {
  readonly base: Local<"i32">;
  readonly lines: Local<"i32">;
  readonly depths: Local<"i32">;
}

export function emitSkinny(module: ModuleBuilder, spec: MatmulSpec, plan: SkinnyPlan, name?: string): Matmul {
  const { m, n, k } = spec;
  const element = elements[spec.dtype];
  const output = outputOf(spec, element);
  const swapped = plan.few === "b";
  const few = swapped ? n : m;
  const many = swapped ? m : n;
  // Sums may grow in C itself where neighbouring lines are neighbours there too.
  const inPlace = swapped ? n === 1 && output.rowStride === element.size : output.rowStride !== null;
  const sumStride = inPlace && !swapped ? (output.rowStride ?? 0) : many * element.size;
  const cell: Cell = (base, i, j) => {
    const [row, column] = swapped ? [j, i] : [i, j];
    return i32.add(output.rowAddress(base, row), output.columnOffset(base, column));
  };
  const combine = plan.way === "combine" ? emitCombine(module, spec, few, sumStride) : null;
  const dot = plan.way === "dot" ? emitDots(module, spec, few, cell) : null;
  const epilogue = spec.epilogue === undefined ? null : emitEpilogue(module, element, output, spec.epilogue);
  const blocks = Math.ceil(many / blockLines);

  const run = emitRun(module, name, (body, inputs) => {
    const { a, aRows, aColumns, b, bRows, bColumns, c, scratch, batch, context } = inputs;
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
        const sums = body.keep(inPlace ? c : plus(scratch, 16));
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
        body.call(
          dot,
          start(fewSide),
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
        body.call(epilogue, c, inputs.cRows, inputs.cColumns, scratch, batch, context, ...rows, ...columns);
      }
    });
  });
  return {
    run,
    scratchBytes: 16 + (inPlace || combine === null ? 0 : few * sumStride),
    rowBlocks: swapped ? blocks : Math.min(1, m),
    columnBlocks: swapped ? Math.min(1, n) : blocks,
  };
}

/**
 * Writes sums[i, j] = Σ_p few[i, p] · many[p, j] for j from `first` to `end`, where many[p, j] and many[p, j + 1] are
 * neighbours. A few p at a time go through all j, so that `many` is read once, in its own order.
 */
function emitCombine(
  module: ModuleBuilder,
  { dtype, k, relaxed }: MatmulSpec,
  few: number,
  sumStride: number,
): FunctionReference<null> {
  const element = elements[dtype];
  const { lanes, size } = element;
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, fewBase, fewLines, fewDepths, manyBase, manyLines, manyDepths, sums, first, end) => {
      const start = body.keep(i32.add(manyBase, i32.load(entry(manyLines, first))));
      const offset = body.local("i32");
      const wholeBytes = body.keep(times(i32.and(i32.sub(end, first), i32.const(-lanes)), size));
      const bytes = body.keep(times(i32.sub(end, first), size));
      const firstSum = body.keep(i32.add(sums, times(first, size)));
      // All factors, and a sum, stay in registers.
      const unroll = Math.max(1, Math.floor(8 / few));
      const factors = Array.from({ length: unroll }, () =>
        Array.from({ length: few }, () => body.local("v128")),
      );
      const sources = Array.from({ length: unroll }, () => body.local("i32"));
      const vectors = Array.from({ length: unroll }, () => body.local("v128"));
      const sum = body.local("v128");

      /** Adds the next `steps` products to every sum. The first ones start the sums instead. */
      const pass = (p: Int, steps: number, starting: boolean): void => {
        for (let q = 0; q < steps; q++) {
          const depth = body.keep(plus(p, q));
          sources[q].set(i32.add(start, i32.load(entry(manyDepths, depth))));
          const along = body.keep(i32.add(fewBase, i32.load(entry(fewDepths, depth))));
          for (const [i, factor] of factors[q].entries()) {
            factor.set(element.loadSplat(i32.add(along, i32.load(fewLines, 4 * i))));
          }
        }
        const update = (
          load: (address: Int) => Expression<"v128">,
          store: (address: Int, value: Local<"v128">) => void,
        ): void => {
          for (let q = 0; q < steps; q++) vectors[q].set(load(i32.add(sources[q], offset)));
          const target = body.keep(i32.add(firstSum, offset));
          for (let i = 0; i < few; i++) {
            const address = plus(target, i * sumStride);
            sum.set(starting ? v128.const(new Uint8Array(16)) : load(address));
            for (let q = 0; q < steps; q++) {
              sum.set(element.multiplyAdd(factors[q][i], vectors[q], sum, relaxed));
            }
            store(address, sum);
          }
        };
        offset.set(i32.const(0));
        body.while(i32.lessUnsigned(offset, wholeBytes), () => {
          update(
            (address) => v128.load(address),
            (address, value) => {
              body.store(address, value);
            },
          );
          offset.set(plus(offset, 16));
        });
        body.while(i32.lessUnsigned(offset, bytes), () => {
          update(
            (address) => element.loadFirst(address),
            (address, value) => {
              body.store(address, element.first(value));
            },
          );
          offset.set(plus(offset, size));
        });
      };
      const startSteps = Math.min(k, unroll);
      pass(i32.const(0), startSteps, true);
      const rest = (k - startSteps) % unroll;
      body.for({ from: i32.const(startSteps), to: i32.const(k - rest), step: unroll }, (p) => {
        pass(p, unroll, false);
      });
      if (rest > 0) pass(i32.const(k - rest), rest, false);
    },
  );
}

/**
 * Writes C[i, j] = few[i, :] · many[:, j] for all i and j from `first` to `end`, where both lines are contiguous. Every sum
 * is four (float64: two) sums side by side until the end, whatever tile it is in.
 */
function emitDots(module: ModuleBuilder, spec: MatmulSpec, few: number, cell: Cell): FunctionReference<null> {
  const element = elements[spec.dtype];
  const groups = Math.ceil(few / dotRows);
  const height = Math.ceil(few / groups);
  const lastHeight = few - height * (groups - 1);
  const width = Math.floor(dotSums / height);
  const tilesOf = (rows: number) => ({
    wide: emitDotTile(module, spec, element, rows, width, cell),
    narrow: emitDotTile(module, spec, element, rows, 1, cell),
  });
  const whole = tilesOf(height);
  const last = lastHeight === height ? whole : tilesOf(lastHeight);
  return module.function(
    { parameters: Array.from({ length: 9 }, () => "i32" as const), result: null },
    (body, ...inputs) => {
      const [fewBase, fewLines, manyBase, manyLines, c, cRows, cColumns, first, end] = inputs;
      const j = body.keep(first);
      const step = (columns: number, tileOf: (tiles: typeof whole) => FunctionReference<null>): void => {
        body.while(i32.lessEqualSigned(plus(j, columns), end), () => {
          for (let group = 0; group < groups; group++) {
            const tile = tileOf(group === groups - 1 ? last : whole);
            body.call(
              tile,
              fewBase,
              fewLines,
              manyBase,
              manyLines,
              c,
              cRows,
              cColumns,
              i32.const(group * height),
              j,
            );
          }
          j.set(plus(j, columns));
        });
      };
      step(width, (tiles) => tiles.wide);
      step(1, (tiles) => tiles.narrow);
    },
  );
}

/** Writes one tile of dot products, `rows` lines of `few` by `columns` of `many`, from lines i and j on. */
function emitDotTile(
  module: ModuleBuilder,
  { k, relaxed }: MatmulSpec,
  element: Element,
  rows: number,
  columns: number,
  cell: Cell,
): FunctionReference<null> {
  const { lanes, size } = element;
  return module.function(
    { parameters: Array.from({ length: 9 }, () => "i32" as const), result: null },
    (body, ...inputs) => {
      const [fewBase, fewLines, manyBase, manyLines, c, cRows, cColumns, i, j] = inputs;
      const lineStarts = (base: Int, lines: Int, from: Int, count: number): Local<"i32">[] =>
        Array.from({ length: count }, (_, line) =>
          body.keep(i32.add(base, i32.load(entry(lines, from), 4 * line))),
        );
      const fewStarts = lineStarts(fewBase, fewLines, i, rows);
      const manyStarts = lineStarts(manyBase, manyLines, j, columns);
      const vectors = fewStarts.map(() => body.local("v128"));
      const other = body.local("v128");
      const sums = fewStarts.map(() => manyStarts.map(() => body.local("v128")));
      const offset = body.local("i32");
      const step = (load: (address: Int) => Expression<"v128">): void => {
        for (const [r, start] of fewStarts.entries()) vectors[r].set(load(i32.add(start, offset)));
        for (const [s, start] of manyStarts.entries()) {
          other.set(load(i32.add(start, offset)));
          for (const [r, sumsOfRow] of sums.entries()) {
            sumsOfRow[s].set(element.multiplyAdd(vectors[r], other, sumsOfRow[s], relaxed));
          }
        }
      };
      const wholeBytes = Math.floor(k / lanes) * 16;
      body.while(i32.lessUnsigned(offset, i32.const(wholeBytes)), () => {
        step((address) => v128.load(address));
        offset.set(plus(offset, 16));
      });
      body.while(i32.lessUnsigned(offset, i32.const(k * size)), () => {
        step((address) => element.loadFirst(address));
        offset.set(plus(offset, size));
      });
      for (const [r, sumsOfRow] of sums.entries()) {
        for (const [s, sum] of sumsOfRow.entries()) {
          const target = body.keep(cell({ c, cRows, cColumns }, plus(i, r), plus(j, s)));
          body.store(target, sumOfLanes(body, element, sum));
        }
      }
    },
  );
}

/** (lane 0 + lane 2) + (lane 1 + lane 3), or the sum of two lanes. */
function sumOfLanes(body: FunctionBuilder, element: Element, vector: Local<"v128">): Expression {
  vector.set(element.add(vector, v128.shuffle(vector, vector, upperHalf)));
  if (element.lanes === 4) vector.set(element.add(vector, v128.shuffle(vector, vector, secondLane)));
  return element.first(vector);
}

const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const secondLane = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7];
