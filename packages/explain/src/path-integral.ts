import type { DType } from "@stargrad/tensor";

/** A function of many numbers at one point of a path. */
export interface PathPoint {
  readonly value: number;
  /** How fast each number changes the function there, ∂f/∂xᵢ · dxᵢ/dt, in blocks. */
  readonly rates: readonly Float64Array[];
}

export interface PathOptions {
  /** How much of the change may stay unexplained, as a share of all that was credited. */
  readonly tolerance: number;
  /** What the values were computed in: differences that its rounding explains are not chased by halving. */
  readonly dtype: DType;
  /** How often a stretch of the path may be halved. */
  readonly maxDepth: number;
}

/** How the change of a function along a path divides among the numbers that moved. */
export interface PathIntegral {
  /** For each number, ∫ ∂f/∂x dx along the path: positive where it raised the function. */
  readonly shares: readonly Float64Array[];
  /** The value at the end less the value at the start. */
  readonly change: number;
  /** change − Σ shares: what the quadrature missed. */
  readonly unexplained: number;
  /** How many gradients were computed. */
  readonly evaluations: number;
}

interface Place extends PathPoint {
  readonly t: number;
}

/**
 * Integrates a gradient along a path x(t), 0 ≤ t ≤ 1, number by number.
 *
 * The gradient theorem says that all shares together are the change of the function. So the error of the quadrature is
 * not guessed but known: on each stretch of the path Simpson's rule is compared with the change that was measured, and a
 * stretch that misses by more than its part of the tolerance is halved. Evaluations are shared by neighbours, and only
 * those on the way to the current stretch are held.
 *
 * Source: Lan et al., "LCA: Loss Change Allocation for Neural Network Training", NeurIPS 2019, equation 2
 */
export async function integratePath(
  evaluate: (t: number) => Promise<PathPoint>,
  { tolerance, dtype, maxDepth }: PathOptions,
): Promise<PathIntegral> {
  let evaluations = 0;
  const visit = async (t: number): Promise<Place> => {
    evaluations++;
    return { t, ...(await evaluate(t)) };
  };

  const start = await visit(0);
  const end = await visit(1);
  const shares = start.rates.map((block) => new Float64Array(block.length));
  const resolution = resolutionOf(Math.max(Math.abs(start.value), Math.abs(end.value)), dtype);
  let allowed: number | undefined;
  const integrate = async (left: Place, right: Place, depth: number): Promise<void> => {
    const middle = await visit((left.t + right.t) / 2);
    const stretch = simpson(left, middle, right);
    allowed ??= tolerance * stretch.magnitude;
    const missed = Math.abs(right.value - left.value - stretch.sum);
    // The first stretch is always halved once: a path may bend twice and still agree at both ends.
    const exact = depth > 0 && missed <= Math.max(allowed * (right.t - left.t), resolution);
    if (exact || depth >= maxDepth) {
      stretch.addTo(shares);
      return;
    }
    await integrate(left, middle, depth + 1);
    await integrate(middle, right, depth + 1);
  };
  await integrate(start, end, 0);

  const change = end.value - start.value;
  return { shares, change, unexplained: change - sumOf(shares), evaluations };
}

/** Everything added up. */
export function sumOf(blocks: readonly Float64Array[]): number {
  let total = 0;
  for (const block of blocks) for (const value of block) total += value;
  return total;
}

/** Simpson's rule on one stretch: its length times the mean rate, (r₀ + 4r₁ + r₂)/6. */
function simpson(
  left: Place,
  middle: Place,
  right: Place,
): { sum: number; magnitude: number; addTo(shares: readonly Float64Array[]): void } {
  const sixth = (right.t - left.t) / 6;
  const stretch = middle.rates.map((rates, block) =>
    rates.map((rate, i) => sixth * (left.rates[block][i] + 4 * rate + right.rates[block][i])),
  );
  return {
    sum: sumOf(stretch),
    magnitude: sumOf(stretch.map((block) => block.map(Math.abs))),
    addTo(shares) {
      shares.forEach((total, block) => {
        for (let i = 0; i < total.length; i++) total[i] += stretch[block][i];
      });
    },
  };
}

/** The smallest difference that means anything between values of this size: a unit in the last place of either. */
function resolutionOf(size: number, dtype: DType): number {
  return size * (dtype === "float64" ? 2 ** -51 : 2 ** -22);
}
