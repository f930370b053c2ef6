/** The settings that, with the text, determine a run. They cannot change within a run. */
export interface Settings {
  readonly seed: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** The length of the context, in characters. */
  readonly context: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** The total number of steps. The learning rate falls until the last one. */
  readonly steps: number;
}
