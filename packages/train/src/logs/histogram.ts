/** How many values lie in each of some buckets of equal width. Values that are not finite are in none. */
export interface Histogram {
  readonly minimum: number;
  readonly maximum: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** The right end of each bucket; the first begins at the minimum. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
  readonly nonFinite: number;
}

/** The last bucket has the maximum too. Equal values are in one bucket, and no values in none. */
export function histogramOf(values: ArrayLike<number>, buckets: number): Histogram {
  let [minimum, maximum, sum, sumOfSquares, finite] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
    sum += value;
    sumOfSquares += value * value;
    finite++;
  }
  const nonFinite = values.length - finite;
  if (finite === 0) return { minimum: 0, maximum: 0, sum, sumOfSquares, limits: [], counts: [], nonFinite };
  const count = minimum === maximum ? 1 : buckets;
  // Halves, because the difference of two numbers can be infinite.
  const [low, width] = [minimum / 2, maximum / 2 - minimum / 2];
  const counts = new Array<number>(count).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    const at = width === 0 ? 0 : Math.floor(((value / 2 - low) / width) * count);
    counts[Math.min(at, count - 1)]++;
  }
  const limits = counts.map((_, i) => (i === count - 1 ? maximum : 2 * (low + (width * (i + 1)) / count)));
  return { minimum, maximum, sum, sumOfSquares, limits, counts, nonFinite };
}
