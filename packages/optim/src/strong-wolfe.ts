/** The loss and its derivatives at one point along a direction. */
export interface Probe {
  /** The factor on the direction. */
  readonly length: number;
  readonly loss: number;
  readonly gradient: Float64Array;
  /** The derivative of the loss by `length`. */
  readonly slope: number;
}

/** The constants c₁ (sufficient decrease) and c₂ (curvature) of the Wolfe conditions. */
const [descent, curvature] = [1e-4, 0.9];

/** A bracket is not searched if its ends differ by less than this in every parameter. */
const leastChange = 1e-9;

/**
 * Searches along a direction for a step length t that satisfies the strong Wolfe conditions. After `mostEvaluations` it makes at most one
 * more, and returns the best one; f is the loss and f' its slope:
 *
 *     f(t) ≤ f(0) + 10⁻⁴ t f'(0)   and   |f'(t)| ≤ 0.9 |f'(0)|
 *
 * `size` is the largest element of the direction: a bracket smaller than 10⁻⁹ / `size` is not searched.
 *
 * Source: Nocedal & Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6; torch.optim.LBFGS with
 *         `line_search_fn="strong_wolfe"`
 */
export function strongWolfe(
  evaluate: (length: number) => Probe,
  start: Probe,
  length: number,
  { size, mostEvaluations }: { readonly size: number; readonly mostEvaluations: number },
): { best: Probe; evaluations: number } {
  const descends = ({ length, loss }: Probe) => loss <= start.loss + descent * length * start.slope;
  const isFlat = ({ slope }: Probe) => Math.abs(slope) <= -curvature * start.slope;

  let [previous, probe] = [start, evaluate(length)];
  let evaluations = 1;
  // Bracketing: increase the length until the bracket contains a minimum.
  while (evaluations <= mostEvaluations) {
    const climbs = !descends(probe) || (evaluations > 2 && probe.loss >= previous.loss);
    if (!climbs && isFlat(probe)) return { best: probe, evaluations };
    if (climbs || probe.slope >= 0) break;
    const next: number = cubicMinimum(previous, probe, [
      probe.length + 0.01 * (probe.length - previous.length),
      probe.length * 10,
    ]);
    [previous, probe] = [probe, evaluate(next)];
    evaluations++;
  }

  let [low, high] = inOrder(evaluations > mostEvaluations ? start : previous, probe);
  let wasNearEdge = false;
  while (evaluations <= mostEvaluations && Math.abs(high.length - low.length) * size >= leastChange) {
    const edges = [Math.min(low.length, high.length), Math.max(low.length, high.length)] as const;
    const guess = cubicMinimum(low, high, edges);
    const away = awayFromEdge(guess, edges);
    // Two consecutive points near an edge would hardly shrink the bracket.
    const next: number = wasNearEdge || !isInside(guess, edges) ? away : guess;
    wasNearEdge = next !== away;
    probe = evaluate(next);
    evaluations++;
    if (!descends(probe) || probe.loss >= low.loss) {
      [low, high] = inOrder(low, probe);
      continue;
    }
    if (isFlat(probe)) return { best: probe, evaluations };
    if (probe.slope * (high.length - low.length) >= 0) high = low;
    low = probe;
  }
  return { best: low, evaluations };
}

/** The lower of two probes first. */
function inOrder(a: Probe, b: Probe): [low: Probe, high: Probe] {
  return a.loss <= b.loss ? [a, b] : [b, a];
}

function isInside(length: number, [from, to]: readonly [number, number]): boolean {
  return length > from && length < to;
}

/** Moves a length that is nearer to an edge than a tenth of the bracket to that distance. */
function awayFromEdge(length: number, [from, to]: readonly [number, number]): number {
  const margin = 0.1 * (to - from);
  if (Math.min(to - length, length - from) >= margin) return length;
  return Math.abs(length - to) < Math.abs(length - from) ? to - margin : from + margin;
}

/**
 * The minimum of the cubic through two probes with their slopes, clamped to the bounds, or the middle of the bounds if it has
 * no minimum.
 *
 * Source: Nocedal & Wright, "Numerical Optimization", 2006, eq. 3.59
 */
function cubicMinimum(a: Probe, b: Probe, [from, to]: readonly [number, number]): number {
  const [left, right] = a.length <= b.length ? [a, b] : [b, a];
  const width = right.length - left.length;
  const d1 = left.slope + right.slope - (3 * (right.loss - left.loss)) / width;
  const square = d1 ** 2 - left.slope * right.slope;
  if (!(square >= 0)) return (from + to) / 2;
  const d2 = Math.sqrt(square);
  const minimum = right.length - width * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
  return Math.min(Math.max(minimum, from), to);
}
