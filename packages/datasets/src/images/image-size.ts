import { ArgumentError } from "@stargrad/tensor";

/** The height and the width of an image in pixels, or one number for both. */
export type ImageSize = number | readonly [height: number, width: number];

export function sizeOf(called: string, size: ImageSize): readonly [height: number, width: number] {
  const sides: readonly number[] = typeof size === "number" ? [size, size] : size;
  const [height, width] = sides;
  const isSize = sides.length === 2 && sides.every((side) => Number.isSafeInteger(side) && side >= 1);
  if (isSize && height * width <= 2 ** 28) return [height, width];
  throw new ArgumentError(
    called,
    `got size ${JSON.stringify(size)}; expected a whole number of at least 1, or two of them: [height, width]`,
  );
}
