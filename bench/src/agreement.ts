/** How far two contestants may be apart, as a share of the largest number. Float32 sums taken in another order differ. */
export const tolerance = 1e-4;

/** The largest difference, as a share of the largest number that was expected. NaN anywhere is infinitely far. */
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
