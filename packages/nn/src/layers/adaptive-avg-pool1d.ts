import type { NoOptions } from "../options.js";
import { AdaptivePooling, type OutputLength } from "./adaptive-pooling.js";

/**
 * The mean of each of P sections of a sequence of any length; section p extends from ⌊p · L / P⌋ to
 * ⌈(p + 1) · L / P⌉.
 *
 * Shapes: x [N, C, L] -> y [N, C, P], or both without N; P is L for `null`
 * Throws: ArgumentError unless P is whole and at least 1; ShapeError if x has other axes or L is 0
 * Source: torch.nn.AdaptiveAvgPool1d
 */
export class AdaptiveAvgPool1d extends AdaptivePooling {
  constructor(outputSize: OutputLength, options: NoOptions = {}) {
    super({ name: "AdaptiveAvgPool1d", rank: 1, reduce: (x, axis) => x.mean({ axis }) }, outputSize, options);
  }
}
