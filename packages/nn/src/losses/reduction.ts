import type { Tensor } from "@stargrad/tensor";
import { oneOf, shared, type Kind } from "@stargrad/tensor/internal";

/** How the losses of the items are combined: not at all, to their mean, or to their sum. */
export type Reduction = "none" | "mean" | "sum";

export interface LossOptions {
  /** Default: `"mean"`. */
  readonly reduction?: Reduction;
}

export const reductionKind: Kind = /* @__PURE__ */ oneOf("none", "mean", "sum");

const totals = /* @__PURE__ */ shared("totals", () => new WeakMap<Tensor, Tensor>());

/**
 * The divisor of a loss that is the mean over some of its items, such as those that are not ignored. Undefined for any other tensor. The
 * mean over several batches weights each with its divisor.
 */
export function totalOf(loss: Tensor): Tensor | undefined {
  return totals.get(loss);
}

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
    case "mean": {
      const mean = losses.sum().div(total);
      if (typeof total === "object") totals.set(mean, total);
      return mean;
    }
  }
}
