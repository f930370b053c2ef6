import { distance, tolerance } from "./agreement.js";
import type { Contestant, Prepared } from "./contestant.js";
import { limitOf, type Limit } from "./limits.js";
import { measure, type MeasureOptions } from "./measure.js";
import type { Row } from "./row.js";
import type { Workload } from "./workload.js";

/** The number of calls whose results are compared. A training step must also be right after it has changed the parameters. */
const comparedCalls = 3;

/** Times a workload and its limit in turn, with all contestants that can compute it and agree with the first one. */
export async function compare(
  workload: Workload,
  all: readonly Contestant[],
  options: MeasureOptions,
): Promise<Row[]> {
  const contestants = all.filter(({ takes }) => takes?.(workload) !== false);
  const limits = limitsFor(workload, contestants);
  const failures = new Map<Contestant, string>();
  const runners = new Map<Contestant, Prepared>();
  let expected: readonly ArrayLike<number>[] | null = null;
  for (const contestant of contestants) {
    try {
      const prepared = await contestant.prepare(workload);
      runners.set(contestant, prepared);
      const results = await firstResults(prepared);
      expected ??= results;
      checkAgreement(results, expected);
    } catch (error) {
      failures.set(contestant, error instanceof Error ? error.message : String(error));
      runners.get(contestant)?.dispose?.();
      runners.delete(contestant);
    }
  }
  const measured = await measure([...limits.values(), ...runners.values()], options);
  for (const each of [...limits.values(), ...runners.values()]) each.dispose?.();
  const [floors, timings] = [measured.slice(0, limits.size), measured.slice(limits.size)];
  const floorOf = new Map([...limits.keys()].map((threads, i) => [threads, floors[i]]));
  const timed = [...runners.keys()];
  return [
    ...[...limits.values()].map(({ name }, i): Row => ({
      workload,
      engine: name,
      timing: floors[i],
      share: 1,
    })),
    ...contestants.map((contestant): Row => {
      const failure = failures.get(contestant);
      if (failure !== undefined)
        return { workload, engine: contestant.name, party: contestant.party, failure };
      const timing = timings[timed.indexOf(contestant)];
      return {
        workload,
        engine: contestant.name,
        party: contestant.party,
        timing,
        share: (floorOf.get(contestant.threads ?? 1) ?? floors[0]).median / timing.median,
      };
    }),
  ];
}

/** The limit of one thread and, for arithmetic, of as many as somebody has, by the number of threads. */
function limitsFor({ limit }: Workload, contestants: readonly Contestant[]): Map<number, Limit> {
  const counts = "operations" in limit ? contestants.map(({ threads = 1 }) => threads) : [];
  const sorted = [...new Set([1, ...counts])].sort((a, b) => a - b);
  return new Map(sorted.map((threads) => [threads, limitOf(limit, threads)]));
}

async function firstResults(prepared: Prepared): Promise<ArrayLike<number>[]> {
  const results: ArrayLike<number>[] = [];
  for (let call = 0; call < comparedCalls; call++) {
    await prepared.run(1);
    results.push(await prepared.result());
  }
  return results;
}

function checkAgreement(results: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): void {
  for (const [call, result] of results.entries()) {
    const apart = distance(result, expected[call]);
    if (apart <= tolerance) continue;
    throw new Error(
      `not timed: its numbers at call ${call + 1} differ by ${apart.toExponential(1)} from the first engine's`,
    );
  }
}
