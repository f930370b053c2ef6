import { assignAll, Buffer, type Parameter } from "@stargrad/autograd";
import { tensor, type Tensor } from "@stargrad/tensor";
import { filledLeaf, withoutHistory } from "@stargrad/tensor/internal";

import type { Descent, Run } from "./descent.js";

/**
 * Sums the gradients of several batches before one update of an optimizer. A recorded step with it changes no parameter: it adds the
 * gradients to their sums. A sum begins with the first gradient, as in `backward`.
 */
export class GradientSum implements Descent {
  readonly evaluatesOnce = true;
  readonly #sums = new Map<Parameter, Buffer>();
  /** The parameters that have a sum, because they had a gradient since the last update. */
  #summed = new Set<Parameter>();
  /** The same before the last batch. */
  #before: ReadonlySet<Parameter> = this.#summed;

  /** Forgets the sums. */
  reset(): void {
    this.#summed.clear();
  }

  /** Takes back the last batch, which was refused: the engine has undone its sums. */
  takeBack(): void {
    this.#summed = new Set(this.#before);
  }

  /** Divides the sums by the total weight of their batches, and makes the means the gradients of the parameters. */
  toGradients(weight: number): void {
    withoutHistory(() => {
      // A tensor, so that the update of every weight is the same program.
      const divisors = new Map<string, Tensor>();
      for (const parameter of this.#summed) {
        const { dtype } = parameter;
        const divisor = divisors.get(dtype) ?? tensor(weight, { dtype });
        divisors.set(dtype, divisor);
        parameter.grad = this.#sumOf(parameter).detach().div(divisor);
      }
    });
  }

  record(learning: readonly Parameter[]): readonly Tensor[] {
    const sums = withoutHistory(() =>
      learning.flatMap((parameter) => {
        const { grad } = parameter;
        if (grad === null) return [];
        const sum = this.#sumOf(parameter);
        return [[sum, this.#summed.has(parameter) ? sum.detach().add(grad) : grad] as const];
      }),
    );
    assignAll(sums);
    return [];
  }

  /** Which sums begin is part of the program. */
  key(learning: readonly Parameter[]): string {
    return learning.map((parameter) => Number(this.#summed.has(parameter))).join("");
  }

  take<R extends { readonly loss: Tensor }>(
    learning: readonly Parameter[],
    run: (isFirst: boolean) => Run<R>,
  ): R {
    this.#before = new Set(this.#summed);
    const { results } = run(true);
    for (const parameter of learning) this.#summed.add(parameter);
    return results;
  }

  #sumOf(parameter: Parameter): Buffer {
    let sum = this.#sums.get(parameter);
    if (sum === undefined) {
      const { shape, dtype } = parameter;
      sum = new Buffer(filledLeaf(shape, dtype, 0), { keepsPrevious: false });
      this.#sums.set(parameter, sum);
    }
    return sum;
  }
}
