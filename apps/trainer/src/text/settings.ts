/** What decides the course of a run, apart from the text. A run keeps its settings to its end. */
export interface Settings {
  readonly seed: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** How many characters the model sees at once. */
  readonly context: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** How many steps the run has in all: the learning rate falls until then. */
  readonly steps: number;
}
