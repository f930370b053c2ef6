import type { Tensor } from "@stargrad/tensor";

/** An object with a state to save, such as `ReduceOnPlateau`, a second optimizer or a second model. */
export interface Stateful {
  stateDict(): ReadonlyMap<string, Tensor>;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}
