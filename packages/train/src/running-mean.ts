/**
 * The mean of values that arrive one by one: `Σ wᵢ xᵢ / Σ wᵢ`, with a batch's size as the weight of its mean.
 *
 * Defaults: NaN while there is nothing to take a mean of
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
