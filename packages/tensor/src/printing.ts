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
  const texts = shown.map((position) => write(data[position]));
  const width = greatest(
    texts.map((text) => text.length),
    0,
  );
  const indent = "tensor(".length;

  // From the innermost axis to the outermost, without recursion: a tensor may have more axes than the call stack has room for.
  let blocks = texts.map((text) => text.padStart(width));
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const deeper = shape.length - 1 - axis;
    const separator = deeper === 0 ? ", " : `,${"\n".repeat(deeper)}${" ".repeat(indent + axis + 1)}`;
    const indices = shownIndices(shape[axis], summarize);
    const gap = indices.indexOf(null);
    const count = gap < 0 ? indices.length : indices.length - 1;
    const inner = blocks;
    blocks = Array.from({ length: inner.length / count }, (_, i) => {
      const parts = inner.slice(i * count, (i + 1) * count);
      return `[${(gap < 0 ? parts : parts.toSpliced(gap, 0, "…")).join(separator)}]`;
    });
  }
  return `tensor(${blocks[0]}, ${suffix}`;
}

/** The indices shown along an axis; `null` marks the gap of omitted ones. */
function shownIndices(length: number, summarize: boolean): (number | null)[] {
  // Not a list of all indices, of which a large tensor has too many.
  if (!summarize || length <= 2 * edge) return Array.from({ length }, (_, index) => index);
  return [0, 1, 2, null, length - 3, length - 2, length - 1];
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
  const largest = greatest(sizes, 0);
  const smallest = -greatest(
    sizes.map((x) => -x),
    -Infinity,
  );
  if (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000 * 10 ** digits) {
    return (x) => (Number.isFinite(x) ? x.toExponential(digits) : notFinite(x));
  }
  // As many digits as the longest number needs: 1 prints without decimals, 0.5 with one, 1/3 with four.
  const places = greatest(
    numbers
      .filter(Number.isFinite)
      .map((x) => x.toFixed(digits).replace(/0+$/, ""))
      .map((text) => text.length - text.indexOf(".") - 1),
    0,
  );
  return (x) => (Number.isFinite(x) ? x.toFixed(places) : notFinite(x));
}

/** The largest number, at least `least`. A call with all of them as arguments would overflow the stack. */
function greatest(numbers: readonly number[], least: number): number {
  return numbers.reduce((largest, x) => Math.max(largest, x), least);
}

function notFinite(x: number): string {
  return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
}
