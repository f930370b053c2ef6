/** What guesses cost that need no training, in nats per character: what a model has to beat. */
export interface Baselines {
  /** Guessing by how often each character comes. */
  readonly unigramLoss: number;
  /** Guessing by how often each character comes after the one before it. */
  readonly bigramLoss: number;
}

/**
 * Counts in one text and guesses in another: −ln p of each of its characters but the first, in the mean. Each count is one
 * larger than it is (Laplace's rule), so that what was never seen is not impossible.
 *
 * Units: nats per character
 */
export function baselinesOf(training: Int32Array, validation: Int32Array, characters: number): Baselines {
  const singles = new Float64Array(characters).fill(1);
  const predecessors = new Float64Array(characters).fill(characters);
  // A table of all pairs would be far too large for a text in Chinese.
  const pairs = new Map<number, number>();
  for (const [i, character] of training.entries()) {
    singles[character]++;
    if (i === 0) continue;
    const before = training[i - 1];
    const pair = before * characters + character;
    pairs.set(pair, (pairs.get(pair) ?? 1) + 1);
    predecessors[before]++;
  }

  let [unigramLoss, bigramLoss] = [0, 0];
  const guesses = validation.length - 1;
  for (let i = 1; i <= guesses; i++) {
    const [before, character] = [validation[i - 1], validation[i]];
    const pair = pairs.get(before * characters + character) ?? 1;
    unigramLoss -= Math.log(singles[character] / (training.length + characters)) / guesses;
    bigramLoss -= Math.log(pair / predecessors[before]) / guesses;
  }
  return { unigramLoss, bigramLoss };
}
