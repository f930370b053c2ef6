import type { Tensor } from "@stargrad/tensor";
import { expectOptions, factor, given, input, operation } from "@stargrad/tensor/internal";
import { expectFloat, expectSameShape } from "../shapes.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

/**
 * The squared error `(prediction − target)²` of each element.
 *
 * Shapes: prediction and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; nothing is broadcast
 * Source: torch.nn.functional.mse_loss
 */
export const mseLoss = /* @__PURE__ */ operation(
  "mseLoss",
  [input, factor, given],
  (prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor => {
    expectOptions<LossOptions>("mseLoss", options, { reduction: reductionKind });
    const { reduction = "mean" } = options;
    expectFloat("mseLoss", prediction);
    expectSameShape("mseLoss", prediction, target);
    return reduceLoss(prediction.sub(target).square(), reduction);
  },
);
