import type { Tensor } from "@stargrad/tensor";
import { expectOptions, factor, given, input, operation } from "@stargrad/tensor/internal";
import { expectFloat, expectSameShape } from "../shapes.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

/**
 * The absolute error `|prediction − target|` of each element; the gradient is 0 where they are equal.
 *
 * Shapes: prediction and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; nothing is broadcast
 * Source: torch.nn.functional.l1_loss
 */
export const l1Loss = /* @__PURE__ */ operation(
  "l1Loss",
  [input, factor, given],
  (prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor => {
    expectOptions<LossOptions>("l1Loss", options, { reduction: reductionKind });
    const { reduction = "mean" } = options;
    expectFloat("l1Loss", prediction);
    expectSameShape("l1Loss", prediction, target);
    return reduceLoss(prediction.sub(target).abs(), reduction);
  },
);
