import { assignAll, type Parameter } from "@stargrad/autograd";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, type Tensor } from "@stargrad/tensor";

/** The outputs of one run of a recorded step. */
export type Run<R> = {
  /** Checks that fail if the step is refused. */
  readonly checks: readonly Tensor[];
  readonly results: R;
  readonly gradients: readonly Tensor[];
};

/**
 * How an optimizer updates the parameters in a recorded step. `learning` are the parameters that the loss depends on.
 */
export interface Descent {
  /** Whether a step is exactly one run. */
  readonly evaluatesOnce: boolean;
  /** Called while the step is recorded, after `backward`. Returns the gradients that each run has to return. */
  record(learning: readonly Parameter[]): readonly Tensor[];
  /** A key that distinguishes recordings of the same loss. */
  key(learning: readonly Parameter[]): string;
  /** Takes a step. `run` runs the recording; only in the first run of a step, `isFirst`, the results may be refused. */
  take<R extends { readonly loss: Tensor }>(
    learning: readonly Parameter[],
    run: (isFirst: boolean) => Run<R>,
  ): R;
}

export function descentOf(optimizer: Optimizer | ClosureOptimizer): Descent {
  return "advance" in optimizer ? recordedUpdate(optimizer) : repeatedLoss(optimizer);
}

/** The recording contains the loss, the gradients and the update, so a step is one run. */
function recordedUpdate(optimizer: Optimizer): Descent {
  return {
    evaluatesOnce: true,
    record(learning) {
      assignAll(optimizer.updates(learning));
      return [];
    },
    key: (learning) => optimizer.programKey(learning),
    take: (learning, run) => optimizer.advance(learning, () => run(true).results),
  };
}

/** The recording contains the loss and the gradients, and runs whenever the optimizer calls its closure. */
function repeatedLoss(optimizer: ClosureOptimizer): Descent {
  return {
    evaluatesOnce: false,
    record: (learning) =>
      learning.map(({ grad }) => {
        if (grad === null) throw new ArgumentError("trainStep", "got a parameter without a gradient");
        return grad;
      }),
    key: () => "",
    take<R extends { readonly loss: Tensor }>(
      learning: readonly Parameter[],
      run: (isFirst: boolean) => Run<R>,
    ): R {
      let first = null as R | null;
      const setGradients = (gradients: readonly (Tensor | null)[]): void => {
        for (const [i, parameter] of learning.entries()) parameter.grad = gradients[i];
      };
      try {
        optimizer.step(() => {
          const { results, gradients } = run(first === null);
          first ??= results;
          setGradients(gradients);
          return results.loss;
        });
      } finally {
        setGradients(learning.map(() => null));
      }
      if (first !== null) return first;
      throw new ArgumentError(
        "trainStep",
        "the optimizer took a step without calling its closure; expected it to evaluate the loss before it returns",
        "If the optimizer needs no closure, extend Optimizer; if its step is asynchronous, write a plain loop",
      );
    },
  };
}
