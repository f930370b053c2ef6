/** The time of one call, in milliseconds, over all counted turns. */
export interface Timing {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly runs: number;
}

export interface MeasureOptions {
  /** How long each candidate runs before counting starts, in milliseconds, so that the JIT compiler has finished. */
  readonly warmUp: number;
  /** The minimum duration of a turn, in milliseconds. Shorter candidates are called several times per turn. */
  readonly turn: number;
  /** The number of counted turns. */
  readonly runs: number;
}

/** A computation to time. */
export interface Candidate {
  /** Computes the given number of times and returns the milliseconds. */
  run(calls: number): Promise<number>;
  /** Resolves when it no longer uses the machine. Default: at once */
  settle?(): Promise<void>;
}

/**
 * Times candidates in turn, A B A B …, so that a drift of the machine's speed affects all of them equally. Compare only timings
 * of the same call of this function.
 *
 * The first call of a turn is not counted: it finds the data of other candidates in the caches and its threads asleep. In a loop,
 * that is true only for the first call.
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

/** Runs a candidate until it is warm, and returns the time of its fastest call. */
async function warm(candidate: Candidate, milliseconds: number): Promise<number> {
  let [spent, fastest] = [0, Infinity];
  do {
    const duration = await candidate.run(1);
    // If the clock did not advance, this loop would not end.
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
