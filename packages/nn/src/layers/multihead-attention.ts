import { Parameter } from "@stargrad/autograd";
import {
  ArgumentError,
  DTypeError,
  type FloatOptions,
  formatShape,
  type RandomOptions,
  sameShape,
  ShapeError,
  type Tensor,
  where,
  zeros,
} from "@stargrad/tensor";
import {
  count,
  flag,
  fraction,
  type OptionKinds,
  expectOptions,
  tensorLike,
} from "@stargrad/tensor/internal";
import { xavierUniform } from "../init.js";
import { expectWhole, floatOptions } from "../options.js";
import { expectFloat } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import { Linear } from "./linear.js";
import { attentionWeights } from "./scaled-dot-product-attention.js";

export interface MultiheadAttentionOptions extends FloatOptions {
  /** The probability of dropping an attention weight while training. Default: 0. */
  readonly dropout?: number;
  /** Whether the projections have biases. Default: true. */
  readonly bias?: boolean;
  /** Whether the batch is the first axis and not the second. Default: false. */
  readonly batchFirst?: boolean;
  /** The number of features of a key. Default: embedDim. */
  readonly kdim?: number;
  /** The number of features of a value. Default: embedDim. */
  readonly vdim?: number;
}

/** The keys to ignore. In both masks true means ignored, and floats are added to the scores, as in PyTorch. */
export interface AttentionMasks {
  /** Keys that all queries ignore, such as padding: [N, S], or [S] without a batch. */
  readonly keyPaddingMask?: Tensor;
  /** Keys that a certain query ignores: [L, S], or [N · heads, L, S]. */
  readonly attentionMask?: Tensor;
  /** Whether query i attends only to the keys 0 to i. Default: false. */
  readonly causal?: boolean;
}

export const maskKinds: OptionKinds<AttentionMasks> = {
  keyPaddingMask: tensorLike,
  attentionMask: tensorLike,
  causal: flag,
};

/** What `MultiheadAttention.forward` ignores, and which weights it returns. */
export interface MultiheadAttentionInputs extends AttentionMasks {
  /** Whether to return the weights. Default: true. */
  readonly needWeights?: boolean;
  /** Whether to average the weights over the heads. Default: true. */
  readonly averageWeights?: boolean;
}

/**
 * Attention in several subspaces at once: `y = concat(head₁, …, headₕ) Wₒᵀ + bₒ` with
 * `headᵢ = softmax(qᵢ kᵢᵀ / √(E/h)) vᵢ`, where qᵢ, kᵢ, vᵢ are slices of the projected query, key and value. If a query
 * ignores all keys, its heads are zeros.
 *
 * Shapes: query [L, N, E], key [S, N, K], value [S, N, V] -> output [L, N, E]; all with N first for batchFirst, or without
 *         N. weights [N, L, S], or [N, heads, L, S] if they are not averaged.
 *         in_proj_weight [3 E, E], or q_proj_weight [E, E], k_proj_weight [E, K], v_proj_weight [E, V] if K or V is not E;
 *         in_proj_bias [3 E], out_proj [E, E]
 * Init:   Xavier uniform for the projections, ±1/√E for out_proj.weight, 0 for the biases
 * Throws: ArgumentError if embedDim is not a multiple of numHeads; ShapeError or DTypeError if an input does not fit
 * Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2; torch.nn.MultiheadAttention
 */
export class MultiheadAttention extends TensorModule {
  /** One weight for queries, keys and values together, if all have E features; otherwise one for each. */
  readonly inProjection: readonly Parameter[];
  readonly inBias: Parameter | null;
  readonly outProjection: Linear;
  readonly embedDim: number;
  readonly numHeads: number;
  readonly #features: readonly [query: number, key: number, value: number];
  readonly #batchFirst: boolean;
  readonly #dropout: number;
  readonly #random: RandomOptions;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super("MultiheadAttention", [embedDim, numHeads], options, {
      dropout: fraction,
      bias: flag,
      batchFirst: flag,
      kdim: count,
      vdim: count,
      ...floatOptions,
    } satisfies OptionKinds<MultiheadAttentionOptions>);
    const {
      dropout = 0,
      bias = true,
      batchFirst = false,
      kdim = embedDim,
      vdim = embedDim,
      ...random
    } = options;
    expectWhole("MultiheadAttention", { embedDim, numHeads, kdim, vdim }, { least: 1 });
    if (embedDim % numHeads !== 0) {
      throw new ArgumentError(
        "MultiheadAttention",
        `got embedDim ${embedDim} for ${numHeads} heads; expected heads of equal size`,
      );
    }
    const { dtype = "float32", ...generator } = random;
    const shapes =
      kdim === embedDim && vdim === embedDim
        ? [[3 * embedDim, embedDim]]
        : [embedDim, kdim, vdim].map((features) => [embedDim, features]);
    this.inProjection = shapes.map((shape) => new Parameter(xavierUniform(shape, random)));
    this.inBias = bias ? new Parameter(zeros([3 * embedDim], { dtype })) : null;
    this.outProjection = new Linear(embedDim, embedDim, { bias, ...random });
    this.outProjection.bias?.assign(zeros([embedDim], { dtype }));
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.#features = [embedDim, kdim, vdim];
    this.#batchFirst = batchFirst;
    this.#dropout = dropout;
    this.#random = generator;
  }

  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: MultiheadAttentionInputs = {},
  ): { readonly output: Tensor; readonly weights: Tensor | null } {
    expectOptions(this.describe(), options, { ...maskKinds, needWeights: flag, averageWeights: flag });
    const { needWeights = true, averageWeights = true, ...masks } = options;
    this.#checkInputs(query, key, value);
    const batchAxis = this.#batchFirst ? 0 : 1;
    if (query.ndim === 2) {
      const batch = [query, key, value].map((x) => x.unsqueeze(batchAxis)) as [Tensor, Tensor, Tensor];
      const { keyPaddingMask, ...others } = masks;
      const padding = keyPaddingMask === undefined ? {} : { keyPaddingMask: keyPaddingMask.unsqueeze(0) };
      const { output, weights } = this.forward(...batch, {
        needWeights,
        averageWeights,
        ...others,
        ...padding,
      });
      return { output: output.squeeze(batchAxis), weights: weights?.squeeze(0) ?? null };
    }

    const [q, k, v] = this.#project(query, key, value).map((x) => this.#intoHeads(x)); // [N, H, L, E / H]
    const weights = attentionWeights(q, k, { ...this.#maskOf(q, k, masks), ...this.#droppedWhileTraining() });
    const heads = weights.matmul(v); // [N, H, L, E / H]
    const order = this.#batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3];
    const output = this.outProjection.forward(heads.permute(order).flatten({ startAxis: 2 }));
    if (!needWeights) return { output, weights: null };
    return { output, weights: averageWeights ? weights.mean({ axis: 1 }) : weights };
  }

  /** PyTorch's names of the parameters. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    const names = this.inProjection.length === 1 ? ["in"] : ["q", "k", "v"];
    return [
      ...this.inProjection.map((weight, i) => [`${names[i]}_proj_weight`, weight] as const),
      ["in_proj_bias", this.inBias],
      ["out_proj", this.outProjection],
    ];
  }

  #project(...inputs: readonly Tensor[]): readonly Tensor[] {
    const biases = this.inBias?.split(this.embedDim);
    const isSame = inputs.every((x) => x === inputs[0]);
    if (isSame && this.inProjection.length === 1) {
      // Self-attention needs only one product with all three weights.
      const projected = inputs[0].matmul(this.inProjection[0].transpose());
      const y = this.inBias === null ? projected : projected.add(this.inBias);
      return y.split(this.embedDim, { axis: -1 });
    }
    const weights =
      this.inProjection.length === 1 ? this.inProjection[0].split(this.embedDim) : this.inProjection;
    return inputs.map((x, i) => {
      const projected = x.matmul(weights[i].transpose());
      return biases === undefined ? projected : projected.add(biases[i]);
    });
  }

  #intoHeads(x: Tensor): Tensor {
    const size = this.embedDim / this.numHeads;
    const order = this.#batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3];
    return x.reshape([x.shape[0], x.shape[1], this.numHeads, size]).permute(order);
  }

  #droppedWhileTraining(): RandomOptions & { readonly dropout: number } {
    return { dropout: this.training ? this.#dropout : 0, ...this.#random };
  }

  /** Combines both masks into one that is true where a query attends, or that is added to the scores. */
  #maskOf(
    q: Tensor,
    k: Tensor,
    { keyPaddingMask, attentionMask, causal = false }: AttentionMasks,
  ): { readonly mask?: Tensor; readonly causal: boolean } {
    const [batch, heads, queries] = q.shape;
    const keys = k.shape[2];
    const masks: Tensor[] = [];
    if (keyPaddingMask !== undefined) {
      this.#checkMask("keyPaddingMask", keyPaddingMask, [[batch, keys]]);
      masks.push(keyPaddingMask.reshape([batch, 1, 1, keys]));
    }
    if (attentionMask !== undefined) {
      const perHead = [batch * heads, queries, keys];
      this.#checkMask("attentionMask", attentionMask, [[queries, keys], perHead]);
      masks.push(
        attentionMask.ndim === 2 ? attentionMask : attentionMask.reshape([batch, heads, queries, keys]),
      );
    }
    if (masks.length === 0) return { causal };
    if (masks.every(({ dtype }) => dtype === "bool")) {
      return { mask: masks.reduce((a, b) => a.logicalOr(b)).logicalNot(), causal };
    }
    const biases = masks.map((mask) =>
      mask.dtype === "bool" ? where(mask, -Infinity, 0).cast(q.dtype) : mask,
    );
    return { mask: biases.reduce((a, b) => a.add(b)), causal };
  }

  #checkMask(name: string, mask: Tensor, shapes: readonly (readonly number[])[]): void {
    if (mask.dtype === "int32") {
      throw new DTypeError(
        this.describe(),
        `got ${name} of int32; expected bool, true where a key is ignored, or float, which is added to the scores`,
        'Cast with mask.cast("bool")',
      );
    }
    if (shapes.some((shape) => sameShape(mask.shape, shape))) return;
    throw new ShapeError(
      this.describe(),
      `got ${name} ${formatShape(mask.shape)}; expected ${shapes.map(formatShape).join(" or ")}`,
    );
  }

  #checkInputs(...inputs: readonly [query: Tensor, key: Tensor, value: Tensor]): void {
    for (const x of inputs) expectFloat(this.describe(), x);
    const [query, key, value] = inputs;
    const [sequence, batch] = this.#batchFirst ? [1, 0] : [0, 1];
    const isBatch = query.ndim === 3;
    const sameRank = (query.ndim === 2 || isBatch) && inputs.every(({ ndim }) => ndim === query.ndim);
    const fits =
      sameRank &&
      inputs.every((x, i) => x.shape.at(-1) === this.#features[i]) &&
      (!isBatch || inputs.every((x) => x.shape[batch] === query.shape[batch]));
    const axis = isBatch ? sequence : 0;
    if (fits && key.shape[axis] === value.shape[axis]) return;
    const got = inputs.map(({ shape }) => formatShape(shape));
    const wanted = ["L", "S", "S"].map((length, i) => {
      const axes = this.#batchFirst ? ["N", length] : [length, "N"];
      return `[${[...axes, this.#features[i]].join(", ")}]`;
    });
    throw new ShapeError(
      this.describe(),
      `got the query ${got[0]}, the key ${got[1]} and the value ${got[2]}; expected ${wanted[0]}, ${wanted[1]} and ${wanted[2]}, or all without N`,
    );
  }
}
