import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { eachAxis, expectWhole, type Pair } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";

export interface UpsampleOptions {
  /** The size y is to have. Either this or `scaleFactor`. */
  readonly size?: number | Pair;
  /** How many times as large as x it is to be, rounded down. */
  readonly scaleFactor?: number | Pair;
  /** Whether a pixel of y is the nearest one of x, or mixed of the four around it. Default: `"nearest"`. */
  readonly mode?: "nearest" | "bilinear";
  /**
   * Whether the middles of the corner pixels of x and y coincide, and not the corners of the images. Only for
   * `"bilinear"`. Default: false.
   */
  readonly alignCorners?: boolean;
}

/** How long an axis becomes, and how far from the start of x a distance from the start of y is. */
interface Scale {
  readonly length: number;
  readonly toInput: (distance: number) => number;
}

/**
 * Makes an image larger, or smaller, by looking its pixels up at other places. With L pixels becoming P along an axis and
 * s = L / P, or 1 / scaleFactor if that is given, pixel p is looked up
 *
 * - for `"nearest"`, at ⌊p · s⌋;
 * - for `"bilinear"`, at (p + ½) · s − ½, but not below 0, or at p · (L − 1) / (P − 1) for `alignCorners`; between two
 *   pixels it is `(1 − λ) · x₀ + λ · x₁` with λ how far it is from the first.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q]
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes, or y would have no pixel
 * Source: torch.nn.Upsample
 */
export class Upsample extends Module {
  readonly #options: UpsampleOptions;

  constructor(options: UpsampleOptions) {
    super("Upsample", [], options);
    const { size, scaleFactor, mode = "nearest", alignCorners } = options;
    if ((size === undefined) === (scaleFactor === undefined)) {
      const got = size === undefined ? "neither size nor scaleFactor" : "both size and scaleFactor";
      throw new ArgumentError("Upsample", `got ${got}; expected one of them`);
    }
    if (size !== undefined) expectWhole("Upsample", { size }, { least: 1 });
    if (scaleFactor !== undefined) checkFactors(eachAxis(scaleFactor, 2));
    if (!["nearest", "bilinear"].includes(mode)) {
      throw new ArgumentError("Upsample", `got the mode ${mode}; expected "nearest" or "bilinear"`);
    }
    if (mode === "nearest" && alignCorners !== undefined) {
      throw new ArgumentError("Upsample", 'got alignCorners for the mode "nearest"; expected "bilinear"');
    }
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    expectShape(this.describe(), x, x.ndim === 4 && x.shape[2] > 0 && x.shape[3] > 0, "[N, C, H, W]");
    const scales = [this.#scaleOf(x.shape[2], 0), this.#scaleOf(x.shape[3], 1)];
    const least = scales.every(({ length }) => length >= 1);
    expectShape(this.describe(), x, least, "an image of which at least one pixel is left");
    return scales.reduce((y, scale, i) => this.#resize(y, 2 + i, scale), x);
  }

  #scaleOf(from: number, axis: 0 | 1): Scale {
    const { size, scaleFactor = 1 } = this.#options;
    if (size !== undefined) {
      const length = eachAxis(size, 2)[axis];
      // One rounding, not two: ⌊p · s⌋ of a whole p · s must not fall to the pixel before.
      return { length, toInput: (distance) => (distance * from) / length };
    }
    const factor = eachAxis(scaleFactor, 2)[axis];
    return { length: Math.floor(from * factor), toInput: (distance) => distance / factor };
  }

  #resize(x: Tensor, axis: number, scale: Scale): Tensor {
    const { mode = "nearest", alignCorners = false } = this.#options;
    const last = x.shape[axis] - 1;
    const places = Array.from({ length: scale.length }, (_, place) => {
      if (mode === "nearest") return Math.min(Math.floor(scale.toInput(place)), last);
      if (alignCorners) return scale.length === 1 ? 0 : (place * last) / (scale.length - 1);
      return Math.max(scale.toInput(place + 0.5) - 0.5, 0);
    });
    const before = places.map((place) => Math.min(Math.floor(place), last));
    const lower = x.take(indices(before), { axis });
    if (mode === "nearest") return lower;
    const upper = x.take(indices(before.map((place) => Math.min(place + 1, last))), { axis });
    const shape = x.shape.map((_, i) => (i === axis ? scale.length : 1));
    const share = tensor(
      places.map((place, i) => place - before[i]),
      { shape, dtype: x.dtype },
    );
    return lower.mul(share.neg().add(1)).add(upper.mul(share));
  }
}

function indices(places: readonly number[]): Tensor {
  return tensor(Int32Array.from(places));
}

function checkFactors(factors: readonly number[]): void {
  if (factors.length === 2 && factors.every((factor) => factor > 0 && Number.isFinite(factor))) return;
  throw new ArgumentError(
    "Upsample",
    `got scaleFactor [${factors.join(", ")}]; expected one or two numbers above 0`,
  );
}
