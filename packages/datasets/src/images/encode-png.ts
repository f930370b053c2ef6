import { ArgumentError, ShapeError, type Tensor } from "@stargrad/tensor";
import { toTensor } from "@stargrad/tensor/internal";

/**
 * Encodes a picture as PNG, by `fast-png`, which is loaded by the first call. Floats from 0 to 1 become round(255 · x), and int32 from 0
 * to 255 are kept; values outside become the nearest one inside.
 *
 * Shapes: image [channels, H, W] or [H, W]; 1 channel for grey, 3 for red, green and blue, 4 with opacity
 * Throws: ShapeError for other shapes; ArgumentError for NaN
 */
export async function encodePng(image: Tensor): Promise<Uint8Array> {
  const pixels = toTensor("encodePng", image);
  const [channels, height, width] = pixels.ndim === 2 ? [1, ...pixels.shape] : pixels.shape;
  if (![2, 3].includes(pixels.ndim) || ![1, 3, 4].includes(channels) || height * width === 0) {
    throw new ShapeError(
      "encodePng",
      `got a picture of shape [${pixels.shape.join(", ")}]; expected [channels, H, W] with 1, 3 or 4 channels, or [H, W]`,
    );
  }
  const values = await pixels.data();
  const scale = pixels.dtype === "int32" ? 1 : 255;
  // Clamped and rounded by the array.
  const data = new Uint8ClampedArray(values.length);
  const area = height * width;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]))
      throw new ArgumentError("encodePng", "got NaN; expected numbers from 0 to 1");
    data[(i % area) * channels + Math.floor(i / area)] = scale * values[i];
  }
  const { encode } = await import("fast-png");
  return encode({
    width,
    height,
    data: new Uint8Array(data.buffer),
    channels: channels,
    depth: 8,
  });
}
