import type { DType } from "@stargrad/tensor";

/** A function of many numbers at one point of a path. */
export interface PathPoint {
  readonly value: number;
  /** The rate at which each number changes the function, ∂f/∂xᵢ · dxᵢ/dt, in blocks. */
  readonly rates: readonly Float64Array[];
}

export interface PathOptions {
  /** How much of the change may stay unexplained, as a fraction of Σ |shares|. */
  readonly tolerance: number;
  /** The dtype of the computation. Differences as small as its rounding errors do not cause further halving. */
  readonly dtype: DType;
  /** How often a segment of the path may be halved. */
  readonly maxDepth: number;
}

/** The change of a function along a path, divided among the numbers that moved. */
export interface PathIntegral {
  /** For each number, ∫ ∂f/∂x dx along the path: positive where it raised the function. */
  readonly shares: readonly Float64Array[];
  /** The value at the end minus the value at the start. */
  readonly change: number;
  /** change − Σ shares: the error of the quadrature. */
  readonly unexplained: number;
  /** How many gradients were computed. */
  readonly evaluations: number;
}

/** A point of the path, and its position. */
interface Sample extends PathPoint {
  readonly t: number;
}

/**
 * Integrates a gradient along a path x(t), 0 ≤ t ≤ 1, number by number.
 *
 * By the gradient theorem, the shares add up to the change of the function. So the error of the quadrature need not be
 * estimated: on each segment of the path, the sum by Simpson's rule is compared with the measured change, and a segment
 * whose error exceeds its part of the tolerance is halved. Neighbouring segments share evaluations, and only the
 * evaluations that the current segment and its ancestors need are kept in memory.
 *
 * Source: Lan et al., "LCA: Loss Change Allocation for Neural Network Training", NeurIPS 2019, equation 2
 */
export async function integratePath(
  evaluate: (t: number) => Promise<PathPoint>,
  { tolerance, dtype, maxDepth }: PathOptions,
): Promise<PathIntegral> {
  let evaluations = 0;
  const visit = async (t: number): Promise<Sample> => {
    evaluations++;
    return { t, ...(await evaluate(t)) };
  };

  const start = await visit(0);
  const end = await visit(1);
  const shares = start.rates.map((block) => new Float64Array(block.length));
  const resolution = resolutionOf(Math.max(Math.abs(start.value), Math.abs(end.value)), dtype);
  let allowed: number | undefined;
  const integrate = async (left: Sample, right: Sample, depth: number): Promise<void> => {
    const middle = await visit((left.t + right.t) / 2);
    const segment = simpson(left, middle, right);
    allowed ??= tolerance * segment.magnitude;
    const error = Math.abs(right.value - left.value - segment.sum);
    // The whole path is always halved once, because the errors of a path that bends twice can cancel.
    const exact = depth > 0 && error <= Math.max(allowed * (right.t - left.t), resolution);
    if (exact || depth >= maxDepth) {
      segment.addTo(shares);
      return;
    }
    await integrate(left, middle, depth + 1);
    await integrate(middle, right, depth + 1);
  };
  await integrate(start, end, 0);

  const change = end.value - start.value;
  return { shares, change, unexplained: change - sumOf(shares), evaluations };
}

/** The sum of all values of all blocks. */
export function sumOf(blocks: readonly Float64Array[]): number {
  let total = 0;
  for (const block of blocks) for (let i = 0; i < block.length; i++) total += block[i];
  return total;
}

/** Simpson's rule on one segment: its length times the mean rate, (r₀ + 4r₁ + r₂)/6. */
function simpson(
  left: Sample,
  middle: Sample,
  right: Sample,
): { sum: number; magnitude: number; addTo(shares: readonly Float64Array[]): void } {
  const sixth = (right.t - left.t) / 6;
  let [sum, magnitude] = [0, 0];
  const segment = middle.rates.map((rates, block) => {
    const [before, after] = [left.rates[block], right.rates[block]];
    const values = new Float64Array(rates.length);
    for (let i = 0; i < values.length; i++) {
      values[i] = sixth * (before[i] + 4 * rates[i] + after[i]);
      sum += values[i];
      magnitude += Math.abs(values[i]);
    }
    return values;
  });
  return {
    sum,
    magnitude,
    addTo(shares) {
      shares.forEach((total, block) => {
        for (let i = 0; i < total.length; i++) total[i] += segment[block][i];
      });
    },
  };
}

/** The smallest significant difference between two values of this size: one unit in the last place of each. */
function resolutionOf(size: number, dtype: DType): number {
  return size * (dtype === "float64" ? 2 ** -51 : 2 ** -22);
}
