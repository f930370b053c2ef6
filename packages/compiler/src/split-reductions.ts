import { sizeOf } from "@stargrad/graph";
import type { BufferSpec, Kernel, Program, ReduceKernel } from "./kernel.js";
import { combined, contiguous, reshape, type Layout } from "./layout.js";
import { changeLayouts } from "./rewrite.js";
import type { Target } from "./target.js";

type Sizes = Target["reductions"];

/**
 * Splits large reductions with few results into parts, and combines the partial results by a second reduction, so that several
 * threads can work on one reduction. The number of parts depends on the shape only, so the result does not depend on the number of
 * threads.
 *
 * Also splits reductions over columns of long rows, so that the partial results of a few rows at a time stay in the cache.
 */
export function splitReductions(program: Program, { reductions }: Target): Program {
  const buffers = [...program.buffers];
  const kernels = program.kernels.flatMap((kernel): Kernel[] =>
    kernel.kind === "reduce" ? (split(kernel, buffers, reductions) ?? [kernel]) : [kernel],
  );
  return { ...program, buffers, kernels };
}

function split(kernel: ReduceKernel, buffers: BufferSpec[], sizes: Sizes): ReduceKernel[] | null {
  const { shape, axes } = kernel;
  const { leastSize, enoughResults, longRow } = sizes;
  if (sizeOf(shape) < leastSize) return null;
  const isReduced = (axis: number): boolean => axes.includes(axis);
  const first = Math.min(...axes);
  const after = shape.findIndex((_, axis) => axis > first && !isReduced(axis));
  const end = after < 0 ? shape.length : after;
  const [outer, inner] = [shape.slice(0, first), shape.slice(end)];
  const length = sizeOf(shape.slice(first, end));
  const parts = partCount(length, sizeOf(inner), sizes);
  const results = sizeOf(shape.filter((_, axis) => !isReduced(axis)));
  const acrossRows = !isReduced(shape.length - 1) && sizeOf(inner) >= longRow;
  if (parts === null || sizeOf(outer) >= enoughResults || !(results < enoughResults || acrossRows))
    return null;

  const cutShape = [...outer, parts, length / parts, ...inner];
  const cut = changeLayouts(kernel, (layout) => reshape(layout, cutShape));
  if (cut?.kind !== "reduce") return null;
  const cutAxes = [first + 1, ...axes.filter((axis) => axis >= end).map((axis) => axis - end + first + 2)];
  const keptInner = inner.map((n, i) => (isReduced(end + i) ? 1 : n));
  const partsShape = [...outer, parts, ...keptInner];
  const { dtype } = kernel.expression;
  const size = sizeOf(partsShape);
  const buffer = buffers.push({ contents: kernel.combine, shape: partsShape, dtype, size }) - 1;
  const { offset, axes: digits } = kernel.layout;
  const layout: Layout = {
    offset,
    axes: [
      ...digits.slice(0, first),
      [{ length: parts, stride: 0 }],
      ...digits.slice(end).map((axis, i) => (isReduced(end + i) ? [] : axis)),
    ],
  };
  return [
    { ...cut, shape: cutShape, axes: cutAxes, buffer, layout: combined(cutShape, cutAxes) },
    {
      ...kernel,
      shape: partsShape,
      axes: [first],
      expression: { kind: "load", dtype, buffer, layout: contiguous(partsShape) },
      layout,
    },
  ];
}

/** The number of equal parts to divide the rows into; `null` if their number has no suitable divisor. */
function partCount(rows: number, rowSize: number, sizes: Sizes): number | null {
  const { partSize, fewestParts, fewestRows } = sizes;
  const most = Math.min(Math.max(fewestRows, Math.floor(partSize / rowSize)), Math.floor(rows / fewestParts));
  for (let size = most; size > most / 4; size--) if (rows % size === 0 && size > 1) return rows / size;
  return null;
}
