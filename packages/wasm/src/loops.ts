import type { FillKernel, MapKernel, ReduceKernel } from "@stargrad/compiler";
import { bytesPerElement, type DType } from "@stargrad/graph";
import { i32, v128, type Expression } from "./assembler/expression.js";
import { accumulatorFor } from "./accumulator.js";
import type { KernelContext } from "./kernel-context.js";
import { LoopWriter, type Visit } from "./loop-writer.js";
import { constant } from "./spelling.js";
import { storeElement, storeVector } from "./vectors.js";

/** Writes the loops of an elementwise kernel. */
export function writeMap({ shape, results }: MapKernel, context: KernelContext): void {
  const { body, math, program, addressOf } = context;
  const loop = new LoopWriter(body, math, {
    shape,
    expressions: results.map(({ expression }) => expression),
    results: results.map(({ buffer, layout }) => ({
      dtype: program.buffers[buffer].dtype,
      layout,
      base: addressOf(buffer),
    })),
    addressOf,
  });
  const digits = loop.iteration.lengths.map((_, digit) => digit);
  const last = digits.pop();
  const store: Visit = (compute, wide) => {
    results.forEach(({ expression }, i) => {
      const { dtype, pointer } = loop.results[i];
      const value = compute(expression);
      if (wide) storeVector(body, dtype, loop.width, pointer, value);
      else storeElement(body, dtype, pointer, value);
    });
  };
  if (last === undefined) {
    store(loop.computeElement(), false);
    return;
  }
  // Vectors are written whole, so their elements must be neighbours.
  const wide = loop.results.every(({ strides }) => strides[last] === 1);
  loop.nest(digits, () => {
    loop.walk(last, wide, store);
  });
}

/**
 * Writes the loops of a reduction, in one of two ways: along neighbours that are combined, whose lanes are combined at the
 * end; or across neighbours that are kept, each lane a result of its own.
 */
export function writeReduce(kernel: ReduceKernel, { body, math, addressOf }: KernelContext): void {
  const { shape, axes, expression, combine: name, buffer } = kernel;
  const { dtype } = expression;
  const isReduced = (axis: number): boolean => axes.includes(axis);
  const loop = new LoopWriter(body, math, {
    shape,
    expressions: [expression],
    results: [],
    group: (axis) => Number(isReduced(axis)),
    addressOf,
  });
  const digits = loop.iteration.lengths.map((_, digit) => digit);
  const kept = digits.filter((digit) => !isReduced(loop.iteration.axes[digit]));
  const reduced = digits.filter((digit) => isReduced(loop.iteration.axes[digit]));
  const output = body.keep(addressOf(buffer));
  const bytes = bytesPerElement(dtype);
  const total = accumulatorFor(body, name, dtype, loop.width);
  const [lastKept, lastReduced] = [kept.at(-1), reduced.at(-1)];

  const across =
    lastKept !== undefined &&
    (lastReduced === undefined || loop.neighbours(lastKept) > loop.neighbours(lastReduced));
  if (across) {
    loop.nest(kept.slice(0, -1), () => {
      const combineRows: Visit = (compute, wide) => {
        total.reset();
        loop.nest(reduced, () => {
          total.add(compute(expression));
        });
        const results = body.keep(total.lanes());
        if (wide) storeVector(body, dtype, loop.width, output, results);
        else storeElement(body, dtype, output, results);
        output.set(i32.add(output, i32.const((wide ? loop.width : 1) * bytes)));
      };
      loop.walk(lastKept, true, combineRows, { hoist: false });
    });
    return;
  }
  const first = firstLane(dtype);
  const addFirstLane = (value: Expression<"v128">): void => {
    total.add(body.keep(v128.bitSelect(value, total.identity, first)));
  };
  loop.nest(kept, () => {
    total.reset();
    if (lastReduced === undefined) {
      addFirstLane(loop.computeElement()(expression));
    } else {
      loop.nest(reduced.slice(0, -1), () => {
        loop.walk(lastReduced, true, (compute, wide) => {
          if (wide) total.add(compute(expression));
          else addFirstLane(compute(expression));
        });
      });
    }
    storeElement(body, dtype, output, total.fold());
    output.set(i32.add(output, i32.const(bytes)));
  });
}

/** Sets every element of a buffer. It may write up to 15 bytes beyond it, which the memory plan keeps free. */
export function writeFill({ buffer, value }: FillKernel, { body, program, addressOf }: KernelContext): void {
  const { dtype, size } = program.buffers[buffer];
  if (size === 0) return;
  const pattern =
    dtype === "bool" ? v128.const(new Uint8Array(16).fill(Number(value !== 0))) : constant(dtype, value);
  const vector = body.keep(pattern);
  // Counted, because addresses beyond 2 GiB are negative to a comparison.
  const address = body.keep(addressOf(buffer));
  body.for({ to: i32.const(Math.ceil((size * bytesPerElement(dtype)) / 16)) }, () => {
    body.store(address, vector);
    address.set(i32.add(address, i32.const(16)));
  });
}

/** A mask of the first lane. */
function firstLane(dtype: DType): Expression<"v128"> {
  const bytes = new Uint8Array(16).fill(255, 0, dtype === "float64" ? 8 : 4);
  return v128.const(bytes);
}
