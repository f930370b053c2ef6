import type { FirstStepRow } from "./measure-first-steps.js";

/** The growth of a party's first step within a family: its best time at each length, and the factor from one to the next. */
export interface Growth {
  readonly family: string;
  readonly party: string;
  /** CPU time in milliseconds. */
  readonly best: readonly number[];
  readonly factors: readonly number[];
}

/**
 * The growth in every family with several lengths, for each party that could compute all of them. Other work on a machine can
 * only add CPU time, so the fastest run counts, with any number of threads.
 */
export function growthOf(rows: readonly FirstStepRow[]): Growth[] {
  const families = [...new Set(rows.map(({ step }) => step.family))];
  const parties = [...new Set(rows.map(({ party }) => party))];
  return families.flatMap((family) => {
    const steps = [...new Set(rows.map(({ step }) => step))].filter((step) => step.family === family);
    if (steps.length === 1) return [];
    return parties.flatMap((party) => {
      const best = steps.map((step) =>
        bestOf(rows.filter((row) => row.step === step && row.party === party)),
      );
      if (!best.every(Number.isFinite)) return [];
      return { family, party, best, factors: best.slice(1).map((time, i) => time / best[i]) };
    });
  });
}

function bestOf(rows: readonly FirstStepRow[]): number {
  return Math.min(...rows.map((row) => ("timing" in row ? row.timing.fastest : Infinity)));
}
