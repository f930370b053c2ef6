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
  #values: ReadonlyMap<string, number> = new Map();

  constructor(dtype: DType) {
    this.#dtype = dtype;
  }

  get tensors(): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(this.#buffers);
  }

  /** Gives new values to those buffers whose numbers have changed. */
  set(numbers: Readonly<Record<string, number>>): void {
    const values = new Map(Object.entries(numbers));
    const changed = [...values].filter(([name, value]) => !Object.is(value, this.#values.get(name)));
    setBuffers(
      this.#buffers,
      changed.map(([name, value]) => [name, filled([], this.#dtype, value)]),
    );
    this.#values = values;
  }

  dispose(): void {
    disposeAll(this.#buffers.values());
  }
}
