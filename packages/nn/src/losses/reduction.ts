import type { Tensor } from "@stargrad/tensor";
import { oneOf, type Kind } from "@stargrad/tensor/internal";

/** How the losses of the items are combined: not at all, to their mean, or to their sum. */
export type Reduction = "none" | "mean" | "sum";

export interface LossOptions {
  /** Default: `"mean"`. */
  readonly reduction?: Reduction;
}

export const reductionKind: Kind = /* @__PURE__ */ oneOf("none", "mean", "sum");

/** Reduces losses. `total` is the divisor of a mean: the number of losses, or the sum of their weights. */
export function reduceLoss(
  losses: Tensor,
  reduction: Reduction = "mean",
  total: Tensor | number = losses.size,
): Tensor {
  switch (reduction) {
    case "none":
      return losses;
    case "sum":
      return losses.sum();
    case "mean":
      return losses.sum().div(total);
  }
}
