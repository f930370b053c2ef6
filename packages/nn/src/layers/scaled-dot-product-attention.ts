import {
  arange,
  DTypeError,
  formatShape,
  type RandomOptions,
  ShapeError,
  type Tensor,
  where,
} from "@stargrad/tensor";
import {
  expectOptions,
  factor,
  finite,
  flag,
  fraction,
  given,
  input,
  operation,
  tensorLike,
} from "@stargrad/tensor/internal";
import { floatOptions } from "../options.js";
import { expectBroadcast, expectFloat } from "../shapes.js";
import { Dropout } from "./dropout.js";

export interface AttentionOptions extends RandomOptions {
  /**
   * The keys that each query attends to: bool, where true means that it attends; or float, which is added to the scores. It
   * broadcasts to [..., L, S]. Default: all keys.
   */
  readonly mask?: Tensor;
  /** Whether query i attends only to the keys 0 to i, in addition to the mask. Default: false. */
  readonly causal?: boolean;
  /** The factor on the scores. Default: 1/√E. */
  readonly scale?: number;
  /** The probability of dropping a weight. It always applies; pass 0 in evaluation mode. Default: 0. */
  readonly dropout?: number;
}

/**
 * Averages of the values, weighted by the products of queries and keys: `softmax(q kᵀ / √E + mask) v`, over the S keys.
 *
 * If a query may attend to no key, its result and its gradients are zeros; PyTorch returns NaN.
 *
 * Shapes: query [..., L, E], key [..., S, E], value [..., S, V] -> [..., L, V]
 * Defaults: no mask, not causal, scale 1/√E, dropout 0
 * Throws: ShapeError if the shapes do not fit; DTypeError if the mask is int32
 * Source: Vaswani et al., "Attention Is All You Need", 2017, eq. 1; torch.nn.functional.scaled_dot_product_attention
 */
export const scaledDotProductAttention = /* @__PURE__ */ operation(
  "scaledDotProductAttention",
  [input, factor, factor, given],
  (query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor => {
    expectOptions<AttentionOptions>("scaledDotProductAttention", options, {
      mask: tensorLike,
      causal: flag,
      scale: finite,
      dropout: fraction,
      generator: floatOptions.generator,
    });
    for (const x of [query, key, value]) expectFloat("scaledDotProductAttention", x);
    const isMatrices = [query, key, value].every(({ ndim }) => ndim >= 2);
    if (!isMatrices || query.shape.at(-1) !== key.shape.at(-1) || key.shape.at(-2) !== value.shape.at(-2)) {
      const got = [query, key, value].map(({ shape }) => formatShape(shape));
      throw new ShapeError(
        "scaledDotProductAttention",
        `got the query ${got[0]}, the key ${got[1]} and the value ${got[2]}; expected […, L, E], […, S, E] and […, S, V]`,
      );
    }
    return attentionWeights(query, key, options).matmul(value);
  },
);

/** The weight of each key for each query, [..., L, S]. The sum of each row is 1, or 0 if no key is allowed. */
export function attentionWeights(
  query: Tensor,
  key: Tensor,
  {
    mask,
    causal = false,
    scale = 1 / Math.sqrt(query.shape[query.ndim - 1]),
    dropout = 0,
    ...random
  }: AttentionOptions,
): Tensor {
  const scores = query.mul(scale).matmul(key.transpose());
  const allowed = [
    ...(mask === undefined ? [] : [allowedBy(mask, scores)]),
    ...(causal ? [causalMask(scores)] : []),
  ];
  const biased = mask === undefined || mask.dtype === "bool" ? scores : scores.add(biasOf(mask, scores));
  const weights = allowed.length === 0 ? biased.softmax() : softmaxOver(biased, allowed);
  return new Dropout(dropout, random).forward(weights);
}

/** The softmax over the keys that all masks allow. */
function softmaxOver(scores: Tensor, masks: readonly Tensor[]): Tensor {
  const allowed = masks.reduce((a, b) => a.logicalAnd(b));
  // A row of only −∞ would give NaN, also in its gradient. Such rows are set to 0 before and after the softmax.
  const some = allowed.any({ axis: -1, keepDims: true });
  const excluded = where(some, -Infinity, 0).cast(scores.dtype);
  return where(some, where(allowed, scores, excluded).softmax(), 0);
}

function allowedBy(mask: Tensor, scores: Tensor): Tensor {
  if (mask.dtype === "int32") {
    throw new DTypeError(
      "scaledDotProductAttention",
      "got a mask of int32; expected bool, true where a query attends, or float, which is added to the scores",
      'Cast with mask.cast("bool")',
    );
  }
  expectBroadcast("scaledDotProductAttention", "mask", mask, scores);
  return mask.dtype === "bool" ? mask : mask.notEqual(-Infinity);
}

/** The values that a float mask adds, with 0 for −∞, which `softmaxOver` handles together with rows of only −∞. */
function biasOf(mask: Tensor, scores: Tensor): Tensor {
  return where(mask.equal(-Infinity), 0, mask).cast(scores.dtype);
}

/** True on and below the diagonal: the keys 0 to i for query i. */
function causalMask(scores: Tensor): Tensor {
  const [queries, keys] = scores.shape.slice(-2);
  return arange(keys).lessEqual(arange(queries).unsqueeze(1));
}
