import { formatShape, sizeOf, type DType, type Shape, type TypedArray } from "@stargrad/graph";

const fewElements = 1000;
const edge = 3;
const digits = 4;

/**
 * Formats a tensor as NumPy does: aligned columns, at most four digits after the point, scientific notation if numbers are very
 * large or very small, and above 1000 elements only the first and last three along each axis.
 */
export function formatTensor(data: TypedArray, shape: Shape, dtype: DType): string {
  const suffix = `shape ${formatShape(shape)}, ${dtype})`;
  if (data.length === 0) return `tensor([], ${suffix}`;
  const summarize = sizeOf(shape) > fewElements;
  const shown = shownPositions(shape, summarize);
  const write = writer(
    shown.map((position) => data[position]),
    dtype,
  );
  const width = Math.max(...shown.map((position) => write(data[position]).length));
  const indent = "tensor(".length;

  const block = (axis: number, position: number): string => {
    if (axis === shape.length) return write(data[position]).padStart(width);
    const stride = sizeOf(shape.slice(axis + 1));
    const last = axis === shape.length - 1;
    const separator = last
      ? ", "
      : `,${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(indent + axis + 1)}`;
    const parts = shownIndices(shape[axis], summarize).map((index) =>
      index === null ? "…" : block(axis + 1, position + index * stride),
    );
    return `[${parts.join(separator)}]`;
  };
  return `tensor(${block(0, 0)}, ${suffix}`;
}

/** The indices shown along an axis; `null` marks the gap of omitted ones. */
function shownIndices(length: number, summarize: boolean): (number | null)[] {
  const all = Array.from({ length }, (_, index) => index);
  return summarize && length > 2 * edge ? [...all.slice(0, edge), null, ...all.slice(-edge)] : all;
}

function shownPositions(shape: Shape, summarize: boolean): number[] {
  let positions = [0];
  shape.forEach((length) => {
    const indices = shownIndices(length, summarize).filter((index) => index !== null);
    positions = positions.flatMap((position) => indices.map((index) => position * length + index));
  });
  return positions;
}

/** The format for all shown numbers. They share one format, so that columns align. */
function writer(numbers: readonly number[], dtype: DType): (x: number) => string {
  if (dtype === "bool") return (x) => (x === 1 ? "true" : "false");
  if (dtype === "int32") return (x) => String(x);
  const sizes = numbers.filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs);
  const largest = Math.max(...sizes, 0);
  const smallest = Math.min(...sizes, Infinity);
  if (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000 * 10 ** digits) {
    return (x) => (Number.isFinite(x) ? x.toExponential(digits) : notFinite(x));
  }
  // As many digits as the longest number needs: 1 prints without decimals, 0.5 with one, 1/3 with four.
  const places = Math.max(
    0,
    ...numbers
      .filter(Number.isFinite)
      .map((x) => x.toFixed(digits).replace(/0+$/, ""))
      .map((text) => text.length - text.indexOf(".") - 1),
  );
  return (x) => (Number.isFinite(x) ? x.toFixed(places) : notFinite(x));
}

function notFinite(x: number): string {
  return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
}
