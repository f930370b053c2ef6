import { Heap } from "./heap.js";

export interface Merge {
  readonly left: number;
  readonly right: number;
}

/** Tokens of at most 2²⁴, so that a pair is one number. */
const most = 2 ** 24;

/**
 * The most frequent pairs of neighbours, one after the other; each becomes a new token. Of equally frequent pairs, the one with the smaller
 * numbers comes first, so the result depends on the text alone.
 *
 * `words`: the tokens of each distinct word, which are changed, and how often it occurs
 * `tokenOf`: the token that a merge makes
 */
export function trainMerges(
  words: readonly { tokens: number[]; readonly count: number }[],
  merges: number,
  tokenOf: (merge: Merge) => number,
): Merge[] {
  const counts = new Map<number, number>();
  const places = new Map<number, Set<number>>();
  const add = (pair: number, word: number, count: number): void => {
    counts.set(pair, (counts.get(pair) ?? 0) + count);
    if (count <= 0) return;
    const found = places.get(pair);
    if (found === undefined) places.set(pair, new Set([word]));
    else found.add(word);
  };
  for (const [i, { tokens, count }] of words.entries()) {
    for (let at = 1; at < tokens.length; at++) add(tokens[at - 1] * most + tokens[at], i, count);
  }
  const heap = new Heap<{ readonly pair: number; readonly count: number }>(
    (a, b) => a.count > b.count || (a.count === b.count && a.pair < b.pair),
  );
  for (const [pair, count] of counts) heap.push({ pair, count });
  const made: Merge[] = [];
  while (made.length < merges) {
    const top = heap.pop();
    if (top === undefined) break;
    const { pair } = top;
    const count = counts.get(pair) ?? 0;
    if (count !== top.count) {
      // It has become rarer since it was pushed.
      if (count > 0 && count < top.count) heap.push({ pair, count });
      continue;
    }
    if (count === 0) continue;
    const merge = { left: Math.floor(pair / most), right: pair % most };
    const token = tokenOf(merge);
    made.push(merge);
    const grown = new Set<number>();
    for (const word of places.get(pair) ?? []) {
      const { tokens, count: times } = words[word];
      const change = (left: number, right: number, by: number): void => {
        add(left * most + right, word, by);
        if (by > 0) grown.add(left * most + right);
      };
      mergeIn(tokens, merge, token, (left, right, by) => {
        change(left, right, by * times);
      });
    }
    counts.delete(pair);
    places.delete(pair);
    for (const each of grown) heap.push({ pair: each, count: counts.get(each) ?? 0 });
  }
  return made;
}

/** Merges a pair in a word. `change` hears of each pair that appears (1) or disappears (−1). */
function mergeIn(
  tokens: number[],
  { left, right }: Merge,
  token: number,
  change: (left: number, right: number, by: 1 | -1) => void,
): void {
  let kept = 0;
  for (let at = 0; at < tokens.length; kept++) {
    const isPair = tokens[at] === left && at + 1 < tokens.length && tokens[at + 1] === right;
    if (!isPair) {
      tokens[kept] = tokens[at++];
      continue;
    }
    if (kept > 0) {
      change(tokens[kept - 1], left, -1);
      change(tokens[kept - 1], token, 1);
    }
    if (at + 2 < tokens.length) {
      change(right, tokens[at + 2], -1);
      change(token, tokens[at + 2], 1);
    }
    tokens[kept] = token;
    at += 2;
  }
  tokens.length = kept;
}
