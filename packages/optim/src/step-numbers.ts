import type { Buffer } from "@stargrad/autograd";
import type { DType, Tensor } from "@stargrad/tensor";
import { disposeAll, filled, setBuffers } from "./buffers.js";

/**
 * The numbers of a step, by name, as tensors without axes. They stay the same buffers from step to step, so that what has
 * been recorded with them goes on with the numbers of the moment.
 */
export class StepNumbers {
  readonly #dtype: DType;
  readonly #buffers = new Map<string, Buffer>();
  readonly #values = new Map<string, number>();

  constructor(dtype: DType) {
    this.#dtype = dtype;
  }

  get tensors(): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(this.#buffers);
  }

  /** Makes the buffers that are not there yet. Those that are stay as they are. */
  begin(numbers: Readonly<Record<string, number>>): void {
    this.#give(Object.entries(numbers).filter(([name]) => !this.#buffers.has(name)));
  }

  /** Gives new values to those buffers whose numbers have changed, and makes those that are not there yet. */
  set(numbers: Readonly<Record<string, number>>): void {
    this.#give(Object.entries(numbers).filter(([name, value]) => !Object.is(value, this.#values.get(name))));
  }

  #give(numbers: readonly (readonly [name: string, value: number])[]): void {
    setBuffers(
      this.#buffers,
      numbers.map(([name, value]) => [name, filled([], this.#dtype, value)]),
    );
    for (const [name, value] of numbers) this.#values.set(name, value);
  }

  dispose(): void {
    disposeAll(this.#buffers.values());
  }
}
