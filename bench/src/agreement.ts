/** The tolerance, as a fraction of the largest number. Sums of float32 in another order differ slightly. */
export const tolerance = 1e-4;

/** The largest difference, as a fraction of the largest expected number. It is infinite if there is a NaN. */
export function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let [furthest, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(got[i] - expected[i]);
    if (Number.isNaN(difference)) return Infinity;
    furthest = Math.max(furthest, difference);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return furthest === 0 ? 0 : furthest / largest;
}
