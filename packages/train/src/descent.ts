import { assignAll, type Parameter } from "@stargrad/autograd";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, type Tensor } from "@stargrad/tensor";

/** What a run of a recorded step gives: what the step hands out, and the gradients that were asked for. */
export type Run<R> = {
  /** Computed only to fail if the step should not count. */
  readonly checks: readonly Tensor[];
  readonly results: R;
  readonly gradients: readonly Tensor[];
};

/**
 * How an optimizer goes from gradients to the next values of the parameters, where the step is recorded. `learning` are the
 * parameters that the loss depends on.
 */
export interface Descent {
  /** Whether a step is one run. */
  readonly evaluatesOnce: boolean;
  /** Called while the step is recorded, after `backward`. Returns the gradients that each run has to hand out. */
  record(learning: readonly Parameter[]): readonly Tensor[];
  /** Tells two recordings of the same loss apart. */
  key(learning: readonly Parameter[]): string;
  /** Takes a step. `run` runs what was recorded; for its first run, `isFirst`, the results can still be refused. */
  take<R extends { readonly loss: Tensor }>(
    learning: readonly Parameter[],
    run: (isFirst: boolean) => Run<R>,
  ): R;
}

export function descentOf(optimizer: Optimizer | ClosureOptimizer): Descent {
  return "advance" in optimizer ? recordedUpdate(optimizer) : repeatedLoss(optimizer);
}

/** The update is recorded with the gradients: a step is one run. */
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

/** Loss and gradients are recorded, and run whenever the optimizer evaluates its closure. */
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
        "An optimizer that needs no closure extends Optimizer; one whose step is asynchronous takes a plain loop",
      );
    },
  };
}
