/** The true mistake along the straight way from the old knobs to the new ones, and what each knob has paid so far. */
export interface Path {
  /** At positions 0, 1/20, …, 1. */
  readonly mistakes: readonly number[];
  /** For each knob, in the order of the knobs: −slope · turn at the same positions, the gain per whole way. */
  readonly rates: readonly (readonly number[])[];
  /** For each knob: the area under its rates up to each position. The last is what it has paid. */
  readonly paid: readonly (readonly number[])[];
  /** The same, summed over all knobs. */
  readonly total: readonly number[];
}

/** How many pieces the way is cut into. */
const pieces = 20;

/**
 * Measures the way of a step. `at` computes the mistake, and the blame of every knob, a part of the way from the old knobs
 * to the new ones.
 */
export async function measuredPath(
  turns: readonly { readonly turn: number; readonly paid: number }[],
  at: (part: number) => Promise<{ readonly mistake: number; readonly blames: ArrayLike<number> }>,
): Promise<Path> {
  const mistakes: number[] = [];
  const rates = turns.map((): number[] => []);
  for (let i = 0; i <= pieces; i++) {
    const { mistake, blames } = await at(i / pieces);
    mistakes.push(mistake);
    turns.forEach(({ turn }, k) => rates[k].push(-blames[k] * turn));
  }
  const paid = rates.map((rate, k) => areas(rate, turns[k].paid));
  const total = mistakes.map((_, i) => paid.reduce((sum, area) => sum + area[i], 0));
  return { mistakes, rates, paid, total };
}

/** Areas under a curve up to each point by the trapezoidal rule, and at the end what was measured. */
function areas(rate: readonly number[], measured: number): number[] {
  let area = 0;
  const until = rate.map((value, i) =>
    i === 0 ? 0 : (area += (rate[i - 1] + value) / (2 * (rate.length - 1))),
  );
  return [...until.slice(0, -1), measured];
}

/** Numbers as they are in memory, as hexadecimal digits. */
export function hexOf(blocks: readonly ArrayLike<number>[]): string {
  return blocks
    .flatMap((data) => [...new Uint8Array(Float32Array.from(data).buffer)])
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
