import type { NoOptions } from "../options.js";
import { AdaptivePooling, type OutputLength } from "./adaptive-pooling.js";

/**
 * The largest element of each of P × Q tiles of an image of any size; tile p extends from row ⌊p · H / P⌋ to row
 * ⌈(p + 1) · H / P⌉, and its columns likewise. If several elements are largest, the first gets the gradient.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q], or both without N; one number is both P and Q, `null` keeps the length of an axis
 * Throws: ArgumentError unless P and Q are whole and at least 1; ShapeError if x has other axes, or H or W is 0
 * Source: torch.nn.AdaptiveMaxPool2d
 */
export class AdaptiveMaxPool2d extends AdaptivePooling {
  constructor(
    outputSize: OutputLength | readonly [height: OutputLength, width: OutputLength],
    options: NoOptions = {},
  ) {
    super(
      { name: "AdaptiveMaxPool2d", rank: 2, reduce: (x, axis) => x.max({ axis }).values },
      outputSize,
      options,
    );
  }
}
