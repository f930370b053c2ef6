import type { Tensor } from "@stargrad/tensor";
import { anything, expectOptions } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";
import { Dropout } from "./dropout.js";
import { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { maskKinds, MultiheadAttention, type AttentionMasks } from "./multihead-attention.js";
import { resolveOptions, transformerKinds, type TransformerLayerOptions } from "./transformer-options.js";

/** The positions that a decoder ignores. */
export interface DecoderMasks {
  /** The positions of the target that self-attention ignores. */
  readonly target?: AttentionMasks;
  /** The positions of the memory that cross-attention ignores. */
  readonly memory?: AttentionMasks;
}

/**
 * Self-attention, attention to a memory and a network of two layers at each position, each with a residual connection and a
 * norm: `h = norm₁(x + attention(x, x))`, `k = norm₂(h + attention(h, memory))`, `y = norm₃(k + W₂ f(W₁ k + b₁) + b₂)`; with
 * normFirst each norm is applied to the input of its part instead of the sum. In training mode, dropout follows both
 * attentions, the activation f and W₂.
 *
 * Shapes: x [L, N, E], memory [S, N, E] -> y [L, N, E]; N first for batchFirst; or without N. Masks as for
 *         `MultiheadAttention`
 * Init:   that of its parts: MultiheadAttention, Linear, LayerNorm
 * Defaults: dimFeedforward 2048, dropout 0.1, ReLU, normFirst false
 * Throws: the errors of its parts, with their names
 * Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.1; torch.nn.TransformerDecoderLayer
 */
export class TransformerDecoderLayer extends TensorModule {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "TransformerDecoderLayer";
  }

  readonly selfAttention: MultiheadAttention;
  readonly memoryAttention: MultiheadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout: Dropout;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #normFirst: boolean;

  constructor(dModel: number, heads: number, options: TransformerLayerOptions = {}) {
    super(undefined, undefined, options, transformerKinds);
    const parts = resolveOptions("TransformerDecoderLayer", { dModel, heads }, options);
    this.selfAttention = new MultiheadAttention(dModel, heads, parts.attention);
    this.memoryAttention = new MultiheadAttention(dModel, heads, parts.attention);
    this.linear1 = new Linear(dModel, parts.width, parts.random);
    this.linear2 = new Linear(parts.width, dModel, parts.random);
    this.norm1 = new LayerNorm(dModel, parts.norm);
    this.norm2 = new LayerNorm(dModel, parts.norm);
    this.norm3 = new LayerNorm(dModel, parts.norm);
    this.dropout = new Dropout(...parts.dropout);
    this.#activation = parts.activation;
    this.#normFirst = parts.normFirst;
  }

  forward(x: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    expectOptions(this.describe(), masks, { target: anything, memory: anything });
    const { target = {}, memory: seen = {} } = masks;
    for (const each of [target, seen]) expectOptions(this.describe(), each, maskKinds);
    const parts: readonly (readonly [LayerNorm, (x: Tensor) => Tensor])[] = [
      [this.norm1, (h) => this.#attend(this.selfAttention, h, h, target)],
      [this.norm2, (h) => this.#attend(this.memoryAttention, h, memory, seen)],
      [this.norm3, (h) => this.#feedForward(h)],
    ];
    return parts.reduce(
      (h, [norm, part]) => (this.#normFirst ? h.add(part(norm.forward(h))) : norm.forward(h.add(part(h)))),
      x,
    );
  }

  /** PyTorch's names of the parts. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    const { selfAttention, memoryAttention, ...others } = this;
    return [["self_attn", selfAttention], ["multihead_attn", memoryAttention], ...Object.entries(others)];
  }

  #attend(attention: MultiheadAttention, x: Tensor, memory: Tensor, masks: AttentionMasks): Tensor {
    const { output } = attention.forward(x, memory, memory, { ...masks, needWeights: false });
    return this.dropout.forward(output);
  }

  #feedForward(x: Tensor): Tensor {
    const hidden = this.dropout.forward(this.#activation(this.linear1.forward(x)));
    return this.dropout.forward(this.linear2.forward(hidden));
  }
}
