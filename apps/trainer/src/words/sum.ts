import { signed } from "./numbers.js";

/** A line of arithmetic: what is computed, step by step. */
export interface SumLine {
  readonly name: string;
  readonly steps: readonly string[];
  /** Whether it is what the lines before lead to. */
  readonly isResult?: boolean;
}

/** The digits that two numbers have in common, from the left, and the rest of each. */
export function agreement(
  a: number,
  b: number,
  digits = 7,
): { agreed: string; rest: readonly [string, string] } {
  const [first, second] = [a, b].map((value) => signed(value, digits));
  let same = 0;
  while (same < first.length && first[same] === second[same]) same++;
  return { agreed: first.slice(0, same), rest: [first.slice(same), second.slice(same)] };
}
