// The sizes of the model that a page trains: small enough to write words within a minute. No imports, so that words and links can use it.

export const sizes = { layers: 2, width: 64, heads: 4, context: 48, batchSize: 8 } as const;

/** What the visitor may choose of a run. */
export interface LiveSettings {
  readonly seed: number;
  readonly learningRate: number;
  /** The last step. The learning rate falls until then. */
  readonly steps: number;
}

export const usualSettings: LiveSettings = { seed: 1, learningRate: 0.004, steps: 1500 };

/** After how many steps the run is measured on the held-out text and writes a sample, each time. */
export const every = 50;

/** How many characters of a text are needed, and read at most. */
export const fewest = 1000;
export const most = 2_000_000;

/** How many different characters a text has at least and at most. */
export const fewestDifferent = 5;
export const mostDifferent = 400;
