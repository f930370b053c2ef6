import { Heap } from "./heap.js";

/** The merge of two tokens: its rank, and the token that it makes. Undefined if they are not merged. */
export type Merging = (
  left: number,
  right: number,
) => { readonly rank: number; readonly token: number } | undefined;

/** Merges neighbours until none can be merged: those of the lowest rank first, from left to right. Takes n · log n steps. */
export function mergeWord(word: readonly number[], merging: Merging): number[] {
  const tokens: (number | null)[] = [...word];
  const before = word.map((_, at) => at - 1);
  const after = word.map((_, at) => at + 1);
  interface Candidate {
    readonly at: number;
    readonly rank: number;
    readonly token: number;
    readonly left: number;
    readonly right: number;
  }
  const heap = new Heap<Candidate>((a, b) => a.rank < b.rank || (a.rank === b.rank && a.at < b.at));
  const consider = (at: number): void => {
    if (at < 0 || after[at] >= word.length) return;
    const [left, right] = [tokens[at], tokens[after[at]]];
    if (left === null || right === null) return;
    const found = merging(left, right);
    if (found !== undefined) heap.push({ at, left, right, ...found });
  };
  for (let at = 0; at < word.length; at++) consider(at);
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) {
    const { at, left, right, token } = next;
    const other = after[at];
    // One of the two may have been merged since.
    if (tokens[at] !== left || other >= word.length || tokens[other] !== right) continue;
    tokens[at] = token;
    tokens[other] = null;
    after[at] = after[other];
    if (after[at] < word.length) before[after[at]] = at;
    consider(before[at]);
    consider(at);
  }
  return tokens.filter((token) => token !== null);
}
