import type { Row } from "./row.js";

/** The time of a party's fastest contestant, as a multiple of another party's fastest. */
export interface Ratio {
  readonly party: string;
  readonly other: string;
  readonly ratio: number;
}

/** Compares each party with all later ones, by the medians of their contestants with the best number of threads. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  const best = new Map<string, number>();
  for (const row of rows) {
    if ("failure" in row || row.party === undefined) continue;
    best.set(row.party, Math.min(best.get(row.party) ?? Infinity, row.timing.median));
  }
  const parties = [...best];
  return parties.flatMap(([party, time], place) =>
    parties.slice(place + 1).map(([other, theirs]) => ({ party, other, ratio: time / theirs })),
  );
}
