import type { Parameter } from "@stargrad/autograd";
import type { Tensor } from "@stargrad/tensor";

/**
 * An optimizer that evaluates the loss several times in a step, at parameters that it chooses, such as LBFGS. Loops and
 * checkpoints accept it like an Optimizer. It has no `update`, because its use of a gradient depends on previous losses.
 *
 * Source: torch.optim.Optimizer.step(closure)
 */
export interface ClosureOptimizer {
  readonly groups: readonly { readonly parameters: readonly Parameter[] }[];
  /**
   * Takes a step synchronously. `closure` computes new gradients for the current parameters and returns the loss; it is
   * called at least once.
   */
  step(closure: () => Tensor): unknown;
  stateDict(): Map<string, Tensor>;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}
