/** The curve of a learning-rate range test. */
export interface LearningRateCurve {
  /** The learning rate of each step. */
  readonly rates: readonly number[];
  /** The loss before each step. */
  readonly losses: readonly number[];
  /** The mean of each loss and its neighbours, an eighth of the curve, which shows the curve of noisy losses. */
  readonly smoothed: readonly number[];
  /** The rate at which the smoothed loss has fallen halfway to its minimum; null if it falls no further than its noise. */
  readonly suggestion: number | null;
}

/** A fall of as many standard deviations is no noise. */
const significant = 3;

/**
 * The curve of the losses of steps with growing rates.
 *
 * A slope of noisy losses says little: the largest one is often that between two batches, at a rate that changes nothing. Levels are
 * means of many losses: the mean L of the first eighth is the level before the fall, and the least smoothed loss m the level after it. The
 * suggestion is the last rate before m with a smoothed loss of at least `(L + m) / 2`. There the usual curve, a step with round corners, is
 * steepest. The variance of a loss is half the mean square of the differences of neighbours, which a slow fall hardly changes.
 */
export function curveOf(rates: readonly number[], losses: readonly number[]): LearningRateCurve {
  const reach = Math.max(1, Math.round(losses.length / 16));
  const smoothed = losses.map((_, i) => mean(losses.slice(Math.max(0, i - reach), i + reach + 1)));
  const minimum = smoothed.indexOf(Math.min(...smoothed));
  const first = Math.max(1, Math.floor(losses.length / 8));
  const level = mean(losses.slice(0, first));
  const fall = level - smoothed[minimum];
  const squares = losses.slice(1, minimum + 1).map((loss, i) => (loss - losses[i]) ** 2);
  const noise = Math.sqrt((mean(squares) / 2) * (1 / first + 1 / (2 * reach + 1)));
  const isFall = minimum >= first && fall > significant * noise;
  const halfway = smoothed.findLastIndex((loss, i) => i < minimum && loss >= level - fall / 2);
  return { rates, losses, smoothed, suggestion: isFall ? rates[Math.max(0, halfway)] : null };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
