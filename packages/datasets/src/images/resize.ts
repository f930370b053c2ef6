import { fromData, ShapeError, type Tensor } from "@stargrad/tensor";
import { anything, expectOptions } from "@stargrad/tensor/internal";

import { sizeOf, type ImageSize } from "./image-size.js";

/**
 * Resizes images by linear interpolation with antialiasing. Along an axis with n elements that becomes m long, with s = n/m, the output
 * at i is the weighted mean of the inputs j with the weights `max(0, 1 − |j + ½ − (i + ½)·s| / max(s, 1))`.
 *
 * Shapes: [..., H, W] -> [..., height, width] float32
 * Throws: ShapeError for fewer than two axes, or an image without pixels; ArgumentError unless the size is one whole number of at least 1 or two
 * Source: torch.nn.functional.interpolate with mode="bilinear", antialias=True
 */
export async function resize(images: Tensor, options: { readonly size: ImageSize }): Promise<Tensor> {
  expectOptions("resize", options, { size: anything }, ["size"]);
  const [height, width] = sizeOf("resize", options.size);
  const { shape } = images;
  const [fromHeight, fromWidth] = shape.slice(-2);
  if (shape.length < 2 || fromHeight * fromWidth === 0) {
    throw new ShapeError(
      "resize",
      `got the shape [${shape.join(", ")}]; expected [..., height, width] with pixels`,
    );
  }
  const count = images.size / (fromHeight * fromWidth);
  const data = resized(
    Float32Array.from(await images.data()),
    count,
    [fromHeight, fromWidth],
    [height, width],
  );
  return fromData(data, [...shape.slice(0, -2), height, width]);
}

/** Resizes `count` images in a row. */
export function resized(
  values: Float32Array,
  count: number,
  [fromHeight, fromWidth]: readonly [number, number],
  [height, width]: readonly [number, number],
): Float32Array {
  const wide = alongAxis(values, { outer: count * fromHeight, from: fromWidth, to: width, inner: 1 });
  return alongAxis(wide, { outer: count, from: fromHeight, to: height, inner: width });
}

interface Axis {
  /** Positions before the axis, and the stride of an element. */
  readonly outer: number;
  readonly inner: number;
  readonly from: number;
  readonly to: number;
}

function alongAxis(values: Float32Array, { outer, inner, from, to }: Axis): Float32Array {
  if (from === to) return values;
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const result = new Float32Array(outer * to * inner);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach));
    const last = Math.min(from - 1, Math.ceil(centre + reach));
    const weights = Array.from({ length: last - first + 1 }, (_, j) =>
      Math.max(0, 1 - Math.abs(first + j + 0.5 - centre) / reach),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let block = 0; block < outer; block++) {
      for (let at = 0; at < inner; at++) {
        let sum = 0;
        for (let j = first; j <= last; j++)
          sum += weights[j - first] * values[(block * from + j) * inner + at];
        result[(block * to + i) * inner + at] = sum / total;
      }
    }
  }
  return result;
}
