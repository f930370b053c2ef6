/**
 * The weighted mean of the values added so far: `Σ wᵢ xᵢ / Σ wᵢ`. Use the size of a batch as the weight of its mean.
 *
 * Defaults: NaN before the first value
 */
export class RunningMean {
  #sum: number;
  #weight: number;

  /** `sum` and `weight`: `Σ wᵢ xᵢ` and `Σ wᵢ` to continue from. Default: 0 */
  constructor(sum = 0, weight = 0) {
    this.#sum = sum;
    this.#weight = weight;
  }

  add(value: number, weight = 1): void {
    // The mean over no items is NaN.
    if (weight === 0) return;
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** `Σ wᵢ xᵢ` and `Σ wᵢ` */
  get sums(): readonly [sum: number, weight: number] {
    return [this.#sum, this.#weight];
  }

  get value(): number {
    return this.#sum / this.#weight;
  }
}
