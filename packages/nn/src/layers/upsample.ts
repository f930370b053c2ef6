import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import { anything, flag, oneOf, type OptionKinds } from "@stargrad/tensor/internal";
import { eachAxis, expectWhole, type Pair } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface UpsampleOptions {
  /** The output size. Pass either this or `scaleFactor`. */
  readonly size?: number | Pair;
  /** The factor between the input and the output size, which is rounded down. */
  readonly scaleFactor?: number | Pair;
  /** Whether a pixel of y is the nearest pixel of x, or interpolated between the four around it. Default: `"nearest"`. */
  readonly mode?: "nearest" | "bilinear";
  /**
   * Whether to align the centers of the corner pixels of x and y instead of the corners of the images. Only for `"bilinear"`.
   * Default: false.
   */
  readonly alignCorners?: boolean;
}

/** The output length of an axis, and a function from a distance from the start of y to that from the start of x. */
interface Scale {
  readonly length: number;
  readonly toInput: (distance: number) => number;
}

/**
 * Changes the size of an image by interpolation. For an axis of input length L and output length P, with s = L / P, or
 * 1 / scaleFactor if that is given, output pixel p is the input at the coordinate
 *
 * - ⌊p · s⌋ for `"nearest"`;
 * - (p + ½) · s − ½, at least 0, for `"bilinear"`, or p · (L − 1) / (P − 1) with `alignCorners`; between two pixels it is
 *   `(1 − λ) · x₀ + λ · x₁` with the distance λ from the first.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q]
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes, or y would be empty
 * Source: torch.nn.Upsample
 */
export class Upsample extends TensorModule {
  readonly #size: readonly number[] | null;
  readonly #factors: readonly number[];
  readonly #mode: "nearest" | "bilinear";
  readonly #alignCorners: boolean;

  constructor(options: UpsampleOptions = {}) {
    super("Upsample", [], options, {
      size: anything,
      scaleFactor: anything,
      mode: oneOf("nearest", "bilinear"),
      alignCorners: flag,
    } satisfies OptionKinds<UpsampleOptions>);
    const { size, scaleFactor, mode = "nearest", alignCorners } = options;
    if ((size === undefined) === (scaleFactor === undefined)) {
      const got = size === undefined ? "neither size nor scaleFactor" : "both size and scaleFactor";
      throw new ArgumentError("Upsample", `got ${got}; expected one of them`);
    }
    if (size !== undefined) expectWhole("Upsample", { size }, { least: 1, axes: 2 });
    if (scaleFactor !== undefined) checkFactors(eachAxis(scaleFactor, 2));
    if (mode === "nearest" && alignCorners !== undefined) {
      throw new ArgumentError("Upsample", 'got alignCorners for the mode "nearest"; expected "bilinear"');
    }
    this.#size = size === undefined ? null : eachAxis(size, 2);
    this.#factors = eachAxis(scaleFactor ?? 1, 2);
    this.#mode = mode;
    this.#alignCorners = alignCorners === true;
  }

  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    expectShape(this.describe(), x, x.ndim === 4 && x.shape[2] > 0 && x.shape[3] > 0, "[N, C, H, W]");
    const scales = [this.#scaleOf(x.shape[2], 0), this.#scaleOf(x.shape[3], 1)];
    const least = scales.every(({ length }) => length >= 1);
    expectShape(this.describe(), x, least, "an image large enough for at least one output pixel");
    return scales.reduce((y, scale, i) => this.#resize(y, 2 + i, scale), x);
  }

  #scaleOf(from: number, axis: 0 | 1): Scale {
    if (this.#size !== null) {
      const length = this.#size[axis];
      // Multiplied before it is divided: a rounded s could make ⌊p · s⌋ too small by 1 if p · s is an integer.
      return { length, toInput: (distance) => (distance * from) / length };
    }
    const factor = this.#factors[axis];
    return { length: Math.floor(from * factor), toInput: (distance) => distance / factor };
  }

  #resize(x: Tensor, axis: number, scale: Scale): Tensor {
    const [mode, alignCorners] = [this.#mode, this.#alignCorners];
    const last = x.shape[axis] - 1;
    const coordinates = Array.from({ length: scale.length }, (_, pixel) => {
      if (mode === "nearest") return Math.min(Math.floor(scale.toInput(pixel)), last);
      if (alignCorners) return scale.length === 1 ? 0 : (pixel * last) / (scale.length - 1);
      return Math.max(scale.toInput(pixel + 0.5) - 0.5, 0);
    });
    const before = coordinates.map((coordinate) => Math.min(Math.floor(coordinate), last));
    const lower = x.take(indices(before), { axis });
    if (mode === "nearest") return lower;
    const upper = x.take(indices(before.map((index) => Math.min(index + 1, last))), { axis });
    const shape = x.shape.map((_, i) => (i === axis ? scale.length : 1));
    const share = tensor(
      coordinates.map((coordinate, i) => coordinate - before[i]),
      { shape, dtype: x.dtype },
    );
    return lower.mul(share.neg().add(1)).add(upper.mul(share));
  }
}

function indices(values: readonly number[]): Tensor {
  return tensor(Int32Array.from(values));
}

function checkFactors(factors: readonly number[]): void {
  if (factors.length === 2 && factors.every((factor) => factor > 0 && Number.isFinite(factor))) return;
  throw new ArgumentError(
    "Upsample",
    `got scaleFactor [${factors.join(", ")}]; expected one or two numbers above 0`,
  );
}
