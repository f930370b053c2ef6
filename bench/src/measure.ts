/** How long one call took, in milliseconds, over all counted calls. */
export interface Timing {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly runs: number;
}

export interface MeasureOptions {
  /** Calls before counting starts, so that the JIT compiler is done. */
  readonly warmUp: number;
  /** Counted calls. */
  readonly runs: number;
}

/** Something to be timed. `run` must read its result back, so that lazy work is not skipped. */
export interface Candidate {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * Times candidates in turn, A B A B …, so that a machine whose speed drifts slows all of them alike. Compare timings of
 * one call of this function only.
 */
export async function measure(
  candidates: readonly Candidate[],
  { warmUp, runs }: MeasureOptions,
): Promise<Timing[]> {
  const durations = candidates.map((): number[] => []);
  for (let call = 0; call < warmUp + runs; call++) {
    for (const [i, candidate] of candidates.entries()) {
      const start = performance.now();
      await candidate.run();
      if (call >= warmUp) durations[i].push(performance.now() - start);
    }
  }
  return durations.map(summarize);
}

function summarize(durations: readonly number[]): Timing {
  const sorted = [...durations].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle - 1)]) / 2;
  return { median, fastest: sorted[0], slowest: sorted[sorted.length - 1], runs: sorted.length };
}
