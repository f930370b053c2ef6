import { assignAlong, Buffer, Parameter } from "@stargrad/autograd";
import { formatShape, ones, ShapeError, type Tensor, zeros } from "@stargrad/tensor";
import {
  withoutHistory,
  fraction,
  flag,
  notNegative,
  type Kind,
  type OptionKinds,
} from "@stargrad/tensor/internal";
import { expectWhole, floatOptions } from "../options.js";
import { expectFloat } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import {
  momentsOf,
  perChannel,
  scaleAndShift,
  standardize,
  type DTypeOptions,
  type Moments,
} from "./normalization.js";

/** The options of norms with running statistics. Each class declares and documents the ones that it accepts. */
export interface RunningNormOptions extends DTypeOptions {
  readonly epsilon?: number;
  readonly momentum?: number | null;
  readonly affine?: boolean;
  readonly trackRunningStats?: boolean;
}

export interface RunningNormKind {
  readonly name: string;
  /** The unit that has its own mean and variance: `"channel"`. */
  readonly unit: string;
  /** Whether batches are counted; PyTorch's instance norm has a counter that stays 0. */
  readonly counted: boolean;
  readonly defaults: { readonly affine: boolean; readonly trackRunningStats: boolean };
}

const fractionOrNull: Kind = [
  "a number from 0 to 1, or null",
  (value) => value === null || fraction[1](value),
];

const pytorchNames: ReadonlyMap<string, string> = new Map([
  ["runningMean", "running_mean"],
  ["runningVar", "running_var"],
  ["numBatchesTracked", "num_batches_tracked"],
]);

/**
 * The base class of batch norm and instance norm: a weight and a bias for each channel, and running statistics that are
 * updated in training mode, `new = (1 − m) · old + m · batch` with the momentum m and the unbiased variance, and used in
 * evaluation mode.
 *
 * Shapes: weight, bias, runningMean, runningVar [C]; numBatchesTracked [], int32
 * Init:   weight and runningVar 1, bias and runningMean 0
 */
export abstract class RunningNorm extends TensorModule {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer | null;
  readonly runningVar: Buffer | null;
  readonly numBatchesTracked: Buffer | null;
  readonly numFeatures: number;
  readonly #kind: RunningNormKind;
  readonly #epsilon: number;
  readonly #momentum: number | null;

  constructor(kind: RunningNormKind, numFeatures: number, options: RunningNormOptions) {
    super(kind.name, [numFeatures], options, {
      epsilon: notNegative,
      // Without a momentum, the mean over all batches needs their number.
      momentum: kind.counted ? fractionOrNull : fraction,
      affine: flag,
      trackRunningStats: flag,
      dtype: floatOptions.dtype,
    } satisfies OptionKinds<RunningNormOptions>);
    const {
      epsilon = 1e-5,
      momentum = 0.1,
      affine,
      trackRunningStats,
      ...others
    } = {
      ...kind.defaults,
      ...options,
    };
    expectWhole(kind.name, { numFeatures }, { least: 1 });
    this.weight = affine ? new Parameter(ones([numFeatures], others)) : null;
    this.bias = affine ? new Parameter(zeros([numFeatures], others)) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures], others)) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures], others)) : null;
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([], { dtype: "int32" })) : null;
    this.numFeatures = numFeatures;
    this.#kind = kind;
    this.#epsilon = epsilon;
    this.#momentum = momentum;
  }

  /** PyTorch's names: `running_mean` for `runningMean`. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this).map(([name, value]) => [pytorchNames.get(name) ?? name, value] as const);
  }

  /** Normalizes x [N, C, …] by the statistics over some of its axes or, in evaluation mode, by the running statistics. */
  protected normalize(x: Tensor, axes: readonly number[]): Tensor {
    expectFloat(this.describe(), x);
    const moments = (this.training ? null : this.#keptMoments(x)) ?? this.#ownMoments(x, axes);
    const y = standardize(x, moments, this.#epsilon);
    return scaleAndShift(y, perChannel(this.weight, x), perChannel(this.bias, x));
  }

  #keptMoments(x: Tensor): Moments | null {
    if (this.runningMean === null || this.runningVar === null) return null;
    return { mean: perChannel(this.runningMean, x), variance: perChannel(this.runningVar, x) };
  }

  #ownMoments(x: Tensor, axes: readonly number[]): Moments {
    const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
    if (count === 1) {
      throw new ShapeError(
        this.describe(),
        `got ${formatShape(x.shape)}, one value for each ${this.#kind.unit}; expected several, because one value has no variance`,
        "Use more items or larger ones, or eval() and its running statistics",
      );
    }
    const moments = momentsOf(x, axes);
    if (this.training && x.size > 0) {
      // assignAlong limits the number of pending updates, so this needs no limit.
      withoutHistory(() => {
        this.#track(moments, count);
      });
    }
    return moments;
  }

  /** Updates the running statistics with those of a batch; `count` is the number of values of each mean. */
  #track({ mean, variance }: Moments, count: number): void {
    const { runningMean, runningVar, numBatchesTracked } = this;
    if (runningMean === null || runningVar === null || numBatchesTracked === null) return;
    const batches = numBatchesTracked.add(this.#kind.counted ? 1 : 0);
    // Without a momentum the statistics are means over all batches: the n-th update has the weight 1/n.
    const momentum = this.#momentum ?? batches.cast(runningMean.dtype).reciprocal();
    const move = (old: Tensor, each: Tensor): Tensor => {
      const now = each
        .detach()
        .cast(old.dtype)
        .reshape([each.size / this.numFeatures, this.numFeatures])
        .mean({ axis: 0 });
      return old.add(now.sub(old).mul(momentum));
    };
    assignAlong(
      [mean, variance],
      [
        [runningMean, move(runningMean, mean)],
        [runningVar, move(runningVar, variance.mul(count / (count - 1)))],
        [numBatchesTracked, batches],
      ],
    );
  }
}
