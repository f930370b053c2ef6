// What is recorded of a run: plain data, which the page receives as it is.

/** The numbers of a step, in the order in which they are recorded. All but `speed` follow from data and settings. */
export const columns = [
  "loss", "right", "meanLoss", "meanRight", "rate", "gradientNorm", "updateRatio", "silent", "speed",
] as const; // prettier-ignore
export type Column = (typeof columns)[number];
export type StepNumbers = Readonly<Record<Column, number>>;

/** The credit of a layer in one step. */
export interface LayerCredit {
  readonly layer: string;
  readonly promise: number;
  readonly paid: number;
}

/** What one step promised and paid, on the examples of its batch. */
export interface StepCredit {
  readonly step: number;
  readonly examples: number;
  readonly lossBefore: number;
  readonly lossAfter: number;
  readonly promise: number;
  readonly paid: number;
  readonly unexplained: number;
  /** Σ |paid| over all weights. */
  readonly moved: number;
  readonly layers: readonly LayerCredit[];
}

/** The state after an epoch; after 0 epochs, that of the first weights. */
export interface EpochRecord {
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  /** How many of the held-out examples are right. */
  readonly right: number;
  readonly of: number;
  /** How many examples of each class (rows) were taken for each class (columns), row by row. */
  readonly confusion: readonly number[];
  readonly histograms: readonly Histogram[];
}

export type RunEnd = { readonly kind: "done" } | { readonly kind: "failed"; readonly sentence: string };

/** Every how manyth step is explained. */
export const explainEvery = 20;
/** Of how many steps the smoothed loss is the mean. */
export const smoothing = 20;

/** How many weights of a layer lie in each of equally wide bins from −range to range. */
export interface Histogram {
  readonly range: number;
  readonly counts: readonly number[];
}
