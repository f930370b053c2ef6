import type { Classifier } from "./classifier.js";
import type { Histogram } from "./records.js";

const bins = 101;

/** Counts the weights of each layer, always in the same bins, so that epochs can be compared. */
export class Histograms {
  /** The range of each layer: eight times its largest first weight. What is outside counts in the last bin. */
  ranges: number[];

  constructor(model: Classifier) {
    this.ranges = weightsOf(model).map(
      (weights) => 8 * weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0),
    );
  }

  of(model: Classifier): Histogram[] {
    return weightsOf(model).map((weights, layer) => {
      const range = this.ranges[layer];
      const counts = Array<number>(bins).fill(0);
      for (const weight of weights) {
        const bin = Math.floor(((weight + range) / (2 * range)) * bins);
        counts[Math.max(0, Math.min(bins - 1, bin))]++;
      }
      return { range, counts };
    });
  }
}

/** The weights of each layer, without its biases. */
function weightsOf(model: Classifier): Float32Array[] {
  return model
    .parameters()
    .filter(({ ndim }) => ndim > 1)
    .map((parameter) => parameter.dataSync() as Float32Array);
}
