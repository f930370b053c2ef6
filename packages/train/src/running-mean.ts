/**
 * The weighted mean of the values added so far: `Σ wᵢ xᵢ / Σ wᵢ`. Use the size of a batch as the weight of its mean.
 *
 * Defaults: NaN before the first value
 */
export class RunningMean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight = 1): void {
    this.#sum += value * weight;
    this.#weight += weight;
  }

  get value(): number {
    return this.#sum / this.#weight;
  }
}
