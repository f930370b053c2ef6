import type { Parameter } from "@stargrad/autograd";
import type { Tensor } from "@stargrad/tensor";

/**
 * An optimizer that evaluates the loss several times in a step, at parameters of its own choice: LBFGS, or another that
 * searches. A loop or a checkpoint takes it wherever it takes an Optimizer; it has no `update`, because what it does with
 * one gradient depends on the losses that it has seen.
 *
 * Source: torch.optim.Optimizer.step(closure)
 */
export interface ClosureOptimizer {
  readonly groups: readonly { readonly parameters: readonly Parameter[] }[];
  /**
   * Takes a step before it returns. `closure` sets the gradients anew for the parameters as they are, and returns the loss; it
   * is called at least once.
   */
  step(closure: () => Tensor): unknown;
  stateDict(): Map<string, Tensor>;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}
