// What the home page asks its worker: data for the pictures on the cards, from the library.

export interface CardData {
  /** Line drawings of a cat and a dog, 28 × 28, from 0 (paper) to 1 (ink). */
  readonly cat: Float32Array;
  readonly dog: Float32Array;
  /** Points of two spirals, and the arm of each. */
  readonly points: readonly { readonly at: readonly [x: number, y: number]; readonly arm: number }[];
  /** A sentence, and how surprising each letter is after the one before it: −ln p, in nats. */
  readonly text: string;
  readonly surprises: readonly number[];
}

export type HomeQuestions = {
  cards: { ask: object; answer: CardData };
};
