import { i32, i64, v128, type Expression } from "../machine/expression.js";
import type { FunctionReference } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { consecutive, entry, minimum, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import type { Plan } from "./plan.js";

/**
 * Writes a function that packs one group of lines, as many as a vector has lanes. A line is a row of A or a column of B; its
 * elements are indexed by p, the index of the sum.
 *
 *     target[p * step + lane] = source[lines[lane] + depths[p]]     p < depth
 *
 * Its parameters are `(source, lines, count, depths, depth, target, step)`: `lines` and `depths` are tables of byte
 * offsets, `step` counts bytes. Lanes past `count` get copies of valid lines, so that neither zeros nor masks are
 * needed: their sums are never stored. All lanes of a step are written, even past its end, so the groups of a
 * strip are packed from the last to the first.
 *
 * The function tests at run time, from the tables, how the lines of the group are arranged in memory. Equal lines are splatted,
 * neighbouring lines are copied by whole vectors, contiguous lines are transposed, and all others are copied element by element.
 */
export function emitPackGroup(module: ModuleBuilder, element: Element): FunctionReference<null> {
  const { lanes, size } = element;
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, source, lines, count, depths, depth, target, step) => {
      // If count is below 1, this index is negative and still selects the last valid line, before this group.
      const last = body.keep(plus(count, -1));
      const starts = Array.from({ length: lanes }, (_, lane) => {
        const line = minimum(i32.const(lane), last);
        return body.keep(i32.add(source, i32.load(entry(lines, line))));
      });
      const [first] = starts;
      const depthsEnd = body.keep(entry(depths, depth));
      const advance = (steps: number): void => {
        target.set(i32.add(target, times(step, steps)));
        depths.set(plus(depths, 4 * steps));
      };
      const address = body.local("i32");
      const copyVectors = (load: (from: Expression<"i32">) => Expression<"v128">): void => {
        body.while(i32.lessUnsigned(depths, depthsEnd), () => {
          address.set(i32.add(first, i32.load(depths)));
          body.store(target, load(address));
          advance(1);
        });
      };
      const spaced = (distance: number): Expression<"i32"> =>
        starts
          .slice(1)
          .map((start, i): Expression<"i32"> => i32.eq(start, plus(first, distance * (i + 1))))
          .reduce((a, b) => i32.and(a, b));
      const gather = (): void => {
        const offset = body.keep(i32.load(depths));
        for (const [lane, start] of starts.entries()) {
          body.store(target, loadBits(element, i32.add(start, offset)), lane * size);
        }
        advance(1);
      };

      body.if(
        spaced(0),
        () => {
          copyVectors((from) => element.loadSplat(from));
        },
        () => {
          body.if(
            spaced(size),
            () => {
              copyVectors((from) => v128.load(from));
            },
            () => {
              body.while(i32.lessUnsigned(plus(depths, 4 * (lanes - 1)), depthsEnd), () => {
                body.if(
                  consecutive(element, depths),
                  () => {
                    const offset = body.keep(i32.load(depths));
                    const columns = starts.map((start) => body.keep(v128.load(i32.add(start, offset))));
                    for (const row of body.transpose(columns, size)) {
                      body.store(target, row);
                      target.set(i32.add(target, step));
                    }
                    depths.set(plus(depths, 4 * lanes));
                  },
                  () => {
                    gather();
                  },
                );
              });
              body.while(i32.lessUnsigned(depths, depthsEnd), gather);
            },
          );
        },
      );
    },
  );
}

/**
 * Writes a function that packs `panelsAtOnce` panels of B, each of `width` columns. If all their columns are neighbours, they are
 * copied together, so that each cache line is read once instead of once per group.
 *
 * Its parameters are `(source, lines, count, depths, depth, target)`, as those of a group; `count` is the number of columns from
 * the first one on. Panels that would start after the last column are skipped.
 */
export function emitPackPanels(
  module: ModuleBuilder,
  element: Element,
  plan: Plan,
  packGroup: FunctionReference<null>,
): FunctionReference<null> {
  const { lanes, size, vectorBytes } = element;
  const { width, panelsAtOnce } = plan;
  const panelBytes = plan.depth * width * size;
  const groups = (width * panelsAtOnce) / lanes;
  const offsetInPanels = (group: number): number => {
    const column = group * lanes;
    return Math.floor(column / width) * panelBytes + (column % width) * size;
  };
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, source, lines, count, depths, depth, target) => {
      const together = body.local("i32");
      body.if(i32.greaterEqualSigned(count, i32.const(width * panelsAtOnce)), () => {
        together.set(i32.const(1));
        body.for({ to: i32.const(groups) }, (group) => {
          const table = body.keep(entry(lines, times(group, lanes)));
          const expected = times(group, vectorBytes);
          const inPlace = i32.eq(i32.sub(i32.load(table), i32.load(lines)), expected);
          together.set(i32.and(together, i32.and(inPlace, consecutive(element, table))));
        });
      });
      body.if(
        together,
        () => {
          const first = body.keep(i32.add(source, i32.load(lines)));
          const end = body.keep(entry(depths, depth));
          body.while(i32.lessUnsigned(depths, end), () => {
            const from = body.keep(i32.add(first, i32.load(depths)));
            for (let group = 0; group < groups; group++) {
              body.store(target, v128.load(from, vectorBytes * group), offsetInPanels(group));
            }
            target.set(plus(target, width * size));
            depths.set(plus(depths, 4));
          });
        },
        () => {
          for (let group = 0; group < groups; group++) {
            const column = group * lanes;
            const panelColumn = column - (column % width);
            body.if(i32.greaterSigned(count, i32.const(panelColumn)), () => {
              const to = plus(target, offsetInPanels(group));
              body.call(
                packGroup,
                source,
                plus(lines, 4 * column),
                plus(count, -column),
                depths,
                depth,
                to,
                i32.const(width * size),
              );
            });
          }
        },
      );
    },
  );
}

/** Loads an element as an integer, which copies the bits of any type. */
function loadBits({ size }: Element, address: Expression<"i32">): Expression {
  return size === 8 ? i64.load(address) : i32.load(address);
}
