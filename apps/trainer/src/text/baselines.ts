/** The losses of two simple models, in nats per character, to compare a trained model with. */
export interface Baselines {
  /** The model predicts each character by its frequency. */
  readonly unigramLoss: number;
  /** The model predicts each character by its frequency after the character before it. */
  readonly bigramLoss: number;
}

/**
 * Counts characters in one text and predicts another: the mean of −ln p over all its characters but the first. Every
 * count is increased by one (Laplace smoothing), so that unseen characters do not have probability 0.
 *
 * Units: nats per character
 */
export function baselinesOf(training: Int32Array, validation: Int32Array, characters: number): Baselines {
  const singles = new Float64Array(characters).fill(1);
  const predecessors = new Float64Array(characters).fill(characters);
  // A dense table of all pairs would be far too large for a text in Chinese.
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
