import type { Tensor } from "@stargrad/tensor";
import { expectOptions } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";
import { Dropout } from "./dropout.js";
import { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { maskKinds, MultiheadAttention, type AttentionMasks } from "./multihead-attention.js";
import { resolveOptions, transformerKinds, type TransformerLayerOptions } from "./transformer-options.js";

/**
 * Self-attention and a network of two layers at each position, each with a residual connection and a norm:
 * `h = norm₁(x + attention(x))`, `y = norm₂(h + W₂ f(W₁ h + b₁) + b₂)`; with normFirst `h = x + attention(norm₁(x))`,
 * `y = h + W₂ f(W₁ norm₂(h) + b₁) + b₂`. In training mode, dropout follows the attention, the activation f and W₂.
 *
 * Shapes: x [L, N, E] -> y the same; [N, L, E] for batchFirst; or without N. Masks as for `MultiheadAttention`
 * Init:   that of its parts: MultiheadAttention, Linear, LayerNorm
 * Defaults: dimFeedforward 2048, dropout 0.1, ReLU, normFirst false
 * Throws: the errors of its parts, with their names
 * Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.1; torch.nn.TransformerEncoderLayer
 */
export class TransformerEncoderLayer extends TensorModule {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "TransformerEncoderLayer";
  }

  readonly selfAttention: MultiheadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout: Dropout;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #normFirst: boolean;

  constructor(dModel: number, heads: number, options: TransformerLayerOptions = {}) {
    super(undefined, undefined, options, transformerKinds);
    const parts = resolveOptions("TransformerEncoderLayer", { dModel, heads }, options);
    this.selfAttention = new MultiheadAttention(dModel, heads, parts.attention);
    this.linear1 = new Linear(dModel, parts.width, parts.random);
    this.linear2 = new Linear(parts.width, dModel, parts.random);
    this.norm1 = new LayerNorm(dModel, parts.norm);
    this.norm2 = new LayerNorm(dModel, parts.norm);
    this.dropout = new Dropout(...parts.dropout);
    this.#activation = parts.activation;
    this.#normFirst = parts.normFirst;
  }

  forward(x: Tensor, masks: AttentionMasks = {}): Tensor {
    expectOptions(this.describe(), masks, maskKinds);
    if (this.#normFirst) {
      const h = x.add(this.#attend(this.norm1.forward(x), masks));
      return h.add(this.#feedForward(this.norm2.forward(h)));
    }
    const h = this.norm1.forward(x.add(this.#attend(x, masks)));
    return this.norm2.forward(h.add(this.#feedForward(h)));
  }

  /** PyTorch's names of the parts. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    const { selfAttention, ...others } = this;
    return [["self_attn", selfAttention], ...Object.entries(others)];
  }

  #attend(x: Tensor, masks: AttentionMasks): Tensor {
    return this.dropout.forward(this.selfAttention.forward(x, x, x, { ...masks, needWeights: false }).output);
  }

  #feedForward(x: Tensor): Tensor {
    const hidden = this.dropout.forward(this.#activation(this.linear1.forward(x)));
    return this.dropout.forward(this.linear2.forward(hidden));
  }
}
