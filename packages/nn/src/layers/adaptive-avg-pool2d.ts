import type { NoOptions } from "../options.js";
import { AdaptivePooling, type OutputLength } from "./adaptive-pooling.js";

/**
 * The mean of each of P × Q tiles of an image of any size; tile p extends from row ⌊p · H / P⌋ to row
 * ⌈(p + 1) · H / P⌉, and its columns likewise.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q], or both without N; one number is both P and Q, `null` keeps the length of an axis
 * Throws: ArgumentError unless P and Q are whole and at least 1; ShapeError if x has other axes, or H or W is 0
 * Source: torch.nn.AdaptiveAvgPool2d
 */
export class AdaptiveAvgPool2d extends AdaptivePooling {
  constructor(
    outputSize: OutputLength | readonly [height: OutputLength, width: OutputLength],
    options: NoOptions = {},
  ) {
    super({ name: "AdaptiveAvgPool2d", rank: 2, reduce: (x, axis) => x.mean({ axis }) }, outputSize, options);
  }
}
