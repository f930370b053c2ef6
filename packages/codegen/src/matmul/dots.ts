import { i32, v128, type Expression } from "../machine/expression.js";
import type { FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { entry, plus, times } from "./addressing.js";
import { elementOf, type Element } from "./element.js";
import type { Cell } from "./output.js";
import type { MatmulSpec } from "./spec.js";

type Int = Expression<"i32">;

/** The maximum number of lines of `few`, and of sums, in a tile of dot products. */
const dotRows = 4;
const dotSums = 8;

/**
 * Writes C[i, j] = few[i, :] · many[:, j] for all i, and for j from `first` to `end`, where the lines of both are contiguous. Every
 * sum is accumulated in one partial sum per lane of a vector, which are added at the end. This does not depend on the tile.
 */
export function emitDots(
  module: ModuleBuilder,
  spec: MatmulSpec,
  few: number,
  copied: boolean,
  cell: Cell,
): FunctionReference<null> {
  const element = elementOf(spec.dtype, spec.machine);
  const groups = Math.ceil(few / dotRows);
  const height = Math.ceil(few / groups);
  const lastHeight = few - height * (groups - 1);
  const width = Math.floor(dotSums / height);
  const tilesOf = (rows: number) => ({
    wide: emitDotTile(module, spec, element, { rows, columns: width, copied, cell }),
    narrow: emitDotTile(module, spec, element, { rows, columns: 1, copied, cell }),
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

interface DotTile {
  /** The number of lines of `few`, and of `many`. */
  readonly rows: number;
  readonly columns: number;
  /** Whether the lines of `few` are stored one after another at its base, instead of at the offsets of its table. */
  readonly copied: boolean;
  readonly cell: Cell;
}

/** Writes one tile of dot products, `rows` lines of `few` by `columns` of `many`, from lines i and j on. */
function emitDotTile(
  module: ModuleBuilder,
  { k, machine: { relaxed } }: MatmulSpec,
  element: Element,
  { rows, columns, copied, cell }: DotTile,
): FunctionReference<null> {
  const { lanes, size, vectorBytes } = element;
  return module.function(
    { parameters: Array.from({ length: 9 }, () => "i32" as const), result: null },
    (body, ...inputs) => {
      const [fewBase, fewLines, manyBase, manyLines, c, cRows, cColumns, i, j] = inputs;
      const startOf = (base: Int, lines: Int, from: Int, line: number): Local<"i32"> =>
        body.keep(i32.add(base, i32.load(entry(lines, from), 4 * line)));
      const fewStarts = Array.from({ length: rows }, (_, line) =>
        copied
          ? body.keep(i32.add(fewBase, times(plus(i, line), k * size)))
          : startOf(fewBase, fewLines, i, line),
      );
      const manyStarts = Array.from({ length: columns }, (_, line) => startOf(manyBase, manyLines, j, line));
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
      const wholeBytes = Math.floor(k / lanes) * vectorBytes;
      body.while(i32.lessUnsigned(offset, i32.const(wholeBytes)), () => {
        step((address) => v128.load(address));
        offset.set(plus(offset, vectorBytes));
      });
      body.while(i32.lessUnsigned(offset, i32.const(k * size)), () => {
        step((address) => element.loadFirst(address));
        offset.set(plus(offset, size));
      });
      for (const [r, sumsOfRow] of sums.entries()) {
        for (const [s, sum] of sumsOfRow.entries()) {
          const target = body.keep(cell({ c, cRows, cColumns }, plus(i, r), plus(j, s)));
          body.store(target, sumOfLanes(element, sum));
        }
      }
    },
  );
}

/** The sum of all lanes, by adding halves: (lane 0 + lane 2) + (lane 1 + lane 3) for four lanes. */
function sumOfLanes(element: Element, vector: Local<"v128">): Expression {
  for (let bytes = element.vectorBytes / 2; bytes >= element.size; bytes /= 2) {
    vector.set(element.add(vector, v128.moveDown(vector, bytes)));
  }
  return element.first(vector);
}
