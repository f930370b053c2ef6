import { ArgumentError, type Tensor } from "@stargrad/tensor";

/** What becomes of the items' losses: all of them, their mean or their sum. */
export type Reduction = "none" | "mean" | "sum";

export interface LossOptions {
  /** Default: `"mean"`. */
  readonly reduction?: Reduction;
}

/** The losses reduced as told; `total` is what a mean divides by, the number of items unless they are weighted. */
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
