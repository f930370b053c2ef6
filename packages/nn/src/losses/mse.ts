import type { Tensor } from "@stargrad/tensor";
import { expectFloat, expectSameShape } from "../shapes.js";
import { reduceLoss, type LossOptions } from "./reduction.js";

/**
 * The squared error `(prediction − target)²` of each element.
 *
 * Shapes: prediction and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; nothing is broadcast
 * Source: torch.nn.functional.mse_loss
 */
export function mseLoss(
  prediction: Tensor,
  target: Tensor,
  { reduction = "mean" }: LossOptions = {},
): Tensor {
  expectFloat("mseLoss", prediction);
  expectSameShape("mseLoss", prediction, target);
  return reduceLoss("mseLoss", prediction.sub(target).square(), reduction);
}
