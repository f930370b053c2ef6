import type { NoOptions } from "../options.js";
import { AdaptivePooling, type OutputLength } from "./adaptive-pooling.js";

/**
 * The largest element of each of P sections of a sequence of any length; section p extends from ⌊p · L / P⌋ to
 * ⌈(p + 1) · L / P⌉. If several elements are largest, the first gets the gradient.
 *
 * Shapes: x [N, C, L] -> y [N, C, P], or both without N; P is L for `null`
 * Throws: ArgumentError unless P is whole and at least 1; ShapeError if x has other axes or L is 0
 * Source: torch.nn.AdaptiveMaxPool1d
 */
export class AdaptiveMaxPool1d extends AdaptivePooling {
  constructor(outputSize: OutputLength, options: NoOptions = {}) {
    super(
      { name: "AdaptiveMaxPool1d", rank: 1, reduce: (x, axis) => x.max({ axis }).values },
      outputSize,
      options,
    );
  }
}
