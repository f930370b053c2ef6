import type { Tensor } from "@stargrad/tensor";
import { expectFloat, expectSameShape } from "../shapes.js";
import { reduceLoss, type LossOptions } from "./reduction.js";

/**
 * The absolute error `|prediction − target|` of each element; the gradient is 0 where they are equal.
 *
 * Shapes: prediction and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; nothing is broadcast
 * Source: torch.nn.functional.l1_loss
 */
export function l1Loss(prediction: Tensor, target: Tensor, { reduction = "mean" }: LossOptions = {}): Tensor {
  expectFloat("l1Loss", prediction);
  expectSameShape("l1Loss", prediction, target);
  return reduceLoss("l1Loss", prediction.sub(target).abs(), reduction);
}
