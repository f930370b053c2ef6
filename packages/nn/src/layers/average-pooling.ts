import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import { anything, flag } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";
import { PoolingWindows, windowKinds, type PoolingOptions } from "./pooling.js";
import type { Rank } from "./spatial.js";

export interface AveragePoolingOptions extends PoolingOptions {
  readonly countIncludePad?: boolean;
  readonly divisorOverride?: number;
}

/** The base class of AvgPool1d and AvgPool2d: the mean of every window. */
export abstract class AveragePooling extends TensorModule {
  readonly #windows: PoolingWindows;
  readonly #countIncludePad: boolean;
  readonly #divisor: number | undefined;

  constructor(
    kind: { readonly name: string; readonly rank: Rank },
    kernelSize: number | readonly number[],
    options: AveragePoolingOptions,
  ) {
    const { dilation: _, ...windows } = windowKinds;
    const further = { countIncludePad: flag, ...(kind.rank === 2 ? { divisorOverride: anything } : {}) };
    super(kind.name, [kernelSize], options, { ...windows, ...further });
    this.#windows = new PoolingWindows({ ...kind, layer: this.describe() }, kernelSize, options);
    this.#countIncludePad = options.countIncludePad ?? true;
    this.#divisor = options.divisorOverride;
    if (this.#divisor !== undefined && (!Number.isInteger(this.#divisor) || this.#divisor === 0)) {
      throw new ArgumentError(
        kind.name,
        `got divisorOverride ${this.#divisor}; expected a whole number that is not 0`,
      );
    }
  }

  forward(x: Tensor): Tensor {
    const sums = this.#windows.over(x, { value: 0 }).sum({ axis: -1 });
    return sums.div(this.#divisor ?? this.#counts(x));
  }

  /** The number of elements of each window: one number if all windows have the same, otherwise one for each, [P, Q]. */
  #counts(x: Tensor): Tensor | number {
    const perAxis = this.#windows.counts(x, { countIncludePad: this.#countIncludePad });
    const counts = perAxis.reduce((outer, inner) => outer.flatMap((a) => inner.map((b) => a * b)));
    if (counts.every((count) => count === counts[0])) return counts[0];
    return tensor(counts, { shape: perAxis.map(({ length }) => length), dtype: x.dtype });
  }
}
