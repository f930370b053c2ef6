import { ArgumentError, type Tensor } from "@stargrad/tensor";

/** How the losses of the items are combined: not at all, to their mean, or to their sum. */
export type Reduction = "none" | "mean" | "sum";

export interface LossOptions {
  /** Default: `"mean"`. */
  readonly reduction?: Reduction;
}

/** Reduces losses. `total` is the divisor of a mean: the number of losses, or the sum of their weights. */
export function reduceLoss(
  called: string,
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
    default:
      throw new ArgumentError(
        called,
        `got the reduction ${String(reduction)}; expected "none", "mean" or "sum"`,
      );
  }
}
