import type { Buffer } from "@stargrad/autograd";
import type { DType, Tensor } from "@stargrad/tensor";
import { filledLeaf } from "@stargrad/tensor/internal";
import { disposeAll, setBuffers } from "./buffers.js";

/**
 * The numbers of a step, by name, as scalar tensors. All steps use the same buffers, so a recorded program uses the current
 * numbers.
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

  /** Creates the missing buffers. Existing ones do not change. */
  begin(numbers: Readonly<Record<string, number>>): void {
    this.#assign(Object.entries(numbers).filter(([name]) => !this.#buffers.has(name)));
  }

  /** Updates the buffers whose numbers have changed, and creates the missing ones. */
  set(numbers: Readonly<Record<string, number>>): void {
    this.#assign(
      Object.entries(numbers).filter(([name, value]) => !Object.is(value, this.#values.get(name))),
    );
  }

  #assign(numbers: readonly (readonly [name: string, value: number])[]): void {
    setBuffers(
      this.#buffers,
      numbers.map(([name, value]) => [name, filledLeaf([], this.#dtype, value)]),
    );
    for (const [name, value] of numbers) this.#values.set(name, value);
  }

  dispose(): void {
    disposeAll(this.#buffers.values());
  }
}
