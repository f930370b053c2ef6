import type { LoopExpression, ReduceKernel } from "@stargrad/compiler";
import type { DType } from "@stargrad/graph";
import { v128, type Expression } from "./machine/expression.js";
import type { Local } from "./machine/function-builder.js";
import { accumulatorFor, type Accumulator } from "./accumulator.js";
import type { KernelContext } from "./kernel-context.js";
import { groupFor } from "./loop-group.js";
import type { LoopValues, LaneRange } from "./loop-values.js";
import { LoopWriter } from "./loop-writer.js";

/** The number of result vectors that are reduced at the same time: one cache line. */
const columnGroup = 4;

/**
 * Writes the loops of a reduction, in one of two ways. `along`: vectors run along a reduced axis, and their lanes are combined
 * at the end. `across`: vectors run along a kept axis, and each lane is a separate result. Only kept axes are divided among
 * threads, so the order in which a result is combined does not depend on their number.
 */
export function writeReduce(
  kernel: ReduceKernel,
  context: KernelContext,
  block: Local<"i32"> | null = null,
): void {
  const { shape, axes, expression, buffer, layout } = kernel;
  const { dtype } = expression;
  const loop = new LoopWriter(
    { ...context, block },
    {
      shape,
      expressions: [expression],
      results: [{ dtype, buffer, layout }],
      group: (axis) => Number(axes.includes(axis)),
    },
  );
  const digits = loop.iteration.lengths.map((_, digit) => digit);
  const kept = digits.filter((digit) => !axes.includes(loop.axisOf(digit)));
  const reduced = digits.filter((digit) => axes.includes(loop.axisOf(digit)));
  const [lastKept, lastReduced] = [kept.at(-1), reduced.at(-1)];
  const isAcross =
    lastKept !== undefined &&
    (lastReduced === undefined || loop.neighbours(lastKept) > loop.neighbours(lastReduced));
  if (isAcross) across(kernel, loop, kept.slice(0, -1), lastKept, reduced);
  else along(kernel, loop, kept, reduced);
}

function across(
  { combine, expression }: ReduceKernel,
  loop: LoopWriter,
  kept: readonly number[],
  last: number,
  reduced: readonly number[],
): void {
  const { body, iteration } = loop;
  const totals = Array.from({ length: columnGroup }, () =>
    accumulatorFor(body, combine, expression.dtype, loop),
  );
  const divisible = [
    ...kept.map((digit) => ({ digit, pieces: iteration.lengths[digit] })),
    { digit: last, pieces: loop.groupsAlong(last, columnGroup) },
  ];
  loop.divide(divisible, () => {
    loop.nest(kept, () => {
      loop.walk(
        last,
        columnGroup,
        (steps) => {
          steps.forEach((_, i) => {
            totals[i].reset();
          });
          loop.nest(reduced, () => {
            const values = loop.valuesAlong(last);
            steps.forEach((step, i) => {
              addWhole(totals[i], values, expression, step);
            });
          });
          steps.forEach((step, i) => {
            loop.store(0, last, step, body.keep(totals[i].lanes()));
          });
        },
        false,
      );
    });
  });
}

function along(
  { combine, expression }: ReduceKernel,
  loop: LoopWriter,
  kept: readonly number[],
  reduced: readonly number[],
): void {
  const { body, width, iteration } = loop;
  const last = reduced.at(-1);
  const group = groupFor([expression]);
  // Several totals, because each addition to one total waits for the previous one. Short rows need only one total: the processor
  // overlaps the additions of consecutive rows.
  const isShort = last === undefined || loop.groupsAlong(last, group) === 0;
  const totals = Array.from({ length: isShort ? 1 : group }, () =>
    accumulatorFor(body, combine, expression.dtype, loop),
  );
  const [total, ...others] = totals;
  const addStep = (into: Accumulator, values: LoopValues, step: LaneRange): void => {
    if (step.lanes === width) {
      addWhole(into, values, expression, step);
      return;
    }
    const used = firstLanes(expression.dtype, step.lanes);
    into.add(body.keep(v128.bitSelect(values.of(expression, step), total.identity, used)));
  };
  const divisible = kept.map((digit) => ({ digit, pieces: iteration.lengths[digit] }));
  const one = { ahead: 0, lanes: 1 };
  loop.divide(divisible, () => {
    loop.nest(kept, () => {
      for (const each of totals) each.reset();
      if (last === undefined) {
        addStep(total, loop.valuesAlong(null), one);
      } else {
        loop.nest(reduced.slice(0, -1), () => {
          loop.walk(
            last,
            group,
            (these, values) => {
              these.forEach((step, i) => {
                addStep(totals[i % totals.length], values, step);
              });
            },
            true,
          );
        });
      }
      for (const other of others) total.merge(other);
      loop.store(0, null, one, body.keep(total.fold()));
    });
  });
}

function addWhole(into: Accumulator, values: LoopValues, expression: LoopExpression, step: LaneRange): void {
  // A value that is only read is loaded and converted half by half, which saves two shuffles.
  const halves = into.addHalves === undefined ? null : values.halvesOf(expression, step);
  if (halves === null) into.add(values.of(expression, step));
  else into.addHalves?.(...halves);
}

/** A mask of the first lanes. */
function firstLanes(dtype: DType, lanes: number): Expression<"v128"> {
  return v128.firstBytes(lanes * (dtype === "float64" ? 8 : 4));
}
