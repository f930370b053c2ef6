/** How long one call took, in milliseconds, over all counted turns. */
export interface Timing {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly runs: number;
}

export interface MeasureOptions {
  /** Milliseconds each candidate runs before counting starts, so that the JIT compiler is done. */
  readonly warmUp: number;
  /** Milliseconds a turn lasts at least: what is shorter is called several times a turn. */
  readonly turn: number;
  /** Counted turns. */
  readonly runs: number;
}

/** Something to be timed. */
export interface Candidate {
  /** Computes so many times and returns the milliseconds it took. */
  run(calls: number): Promise<number>;
  /** Resolves when it leaves the machine to others. Default: at once */
  settle?(): Promise<void>;
}

/**
 * Times candidates in turn, A B A B …, so that a machine whose speed drifts slows all of them alike. Compare timings of
 * one call of this function only.
 *
 * The first call of a turn is not counted: it finds the others' data in the caches and its threads asleep, as no loop's second does.
 */
export async function measure(
  candidates: readonly Candidate[],
  { warmUp, turn, runs }: MeasureOptions,
): Promise<Timing[]> {
  const contests: { candidate: Candidate; calls: number; durations: number[] }[] = [];
  for (const candidate of candidates) {
    const fastest = await warm(candidate, warmUp);
    await candidate.settle?.();
    contests.push({ candidate, calls: callsPerTurn(fastest, turn), durations: [] });
  }
  for (let run = 0; run < runs; run++) {
    for (const { candidate, calls, durations } of contests) {
      await candidate.run(1);
      durations.push((await candidate.run(calls)) / calls);
      await candidate.settle?.();
    }
  }
  return contests.map(({ durations }) => summarize(durations));
}

/** Runs a candidate until it is warm and returns how long its fastest call took. */
async function warm(candidate: Candidate, milliseconds: number): Promise<number> {
  let [spent, fastest] = [0, Infinity];
  do {
    const duration = await candidate.run(1);
    // A clock that stands still would keep this from ending.
    spent += Math.max(duration, 1e-3);
    fastest = Math.min(fastest, duration);
  } while (spent < milliseconds);
  return fastest;
}

export function callsPerTurn(milliseconds: number, turn: number): number {
  return Math.min(Math.max(Math.ceil(turn / milliseconds), 1), 10_000);
}

export function summarize(durations: readonly number[]): Timing {
  const sorted = [...durations].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle - 1)]) / 2;
  return { median, fastest: sorted[0], slowest: sorted[sorted.length - 1], runs: sorted.length };
}
