import {
  crossEntropy,
  Embedding,
  LayerNorm,
  Linear,
  Module,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "@stargrad/nn";
import { formatShape, ShapeError, type Tensor } from "@stargrad/tensor";

export interface CharacterTransformerOptions {
  /** The size of the vocabulary. */
  readonly characters: number;
  /** The length of the context, in characters. */
  readonly context: number;
  readonly layers: number;
  /** The width of the layers: the number of features per character. */
  readonly width: number;
  readonly heads: number;
}

/**
 * A small GPT: predicts the next character after each character of a text, from the characters up to it. The sum of a
 * character embedding and a position embedding goes through pre-norm transformer layers with causal attention and a
 * feed-forward network of four times the width, then through a final layer norm and a linear layer.
 *
 * Shapes: x [B, T] int32 -> logits [B, T, characters], for T up to the context
 * Throws: ShapeError if T is longer than the context
 * Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.3
 */
export class CharacterTransformer extends Module {
  readonly characters: Embedding;
  readonly places: Embedding;
  readonly layers: TransformerEncoder;
  readonly output: Linear;
  readonly #context: number;

  constructor({ characters, context, layers, width, heads }: CharacterTransformerOptions) {
    super();
    this.characters = new Embedding(characters, width);
    this.places = new Embedding(context, width);
    const options = {
      dimFeedforward: 4 * width,
      dropout: 0,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
    } as const;
    this.layers = new TransformerEncoder(
      Array.from({ length: layers }, () => new TransformerEncoderLayer(width, heads, options)),
      { norm: new LayerNorm(width) },
    );
    this.output = new Linear(width, characters);
    this.#context = context;
  }

  /** The length of the context, in characters. */
  get context(): number {
    return this.#context;
  }

  forward(x: Tensor): Tensor {
    const length = x.shape[x.ndim - 1];
    if (x.ndim !== 2 || length > this.#context) {
      throw new ShapeError(
        "CharacterTransformer",
        `got ${formatShape(x.shape)}; expected [B, T] with T at most ${this.#context}`,
      );
    }
    return this.continue(this.embed(x));
  }

  /** The features with which the layers begin: those of each character, plus those of its place. [B, T] -> [B, T, width] */
  embed(x: Tensor): Tensor {
    return this.characters.forward(x).add(this.places.weight.narrow(0, 0, x.shape[1]));
  }

  /** The logits for features that `embed` returned. [B, T, width] -> [B, T, characters] */
  continue(h: Tensor): Tensor {
    return this.output.forward(this.layers.forward(h, { causal: true }));
  }

  /** How much each head of each layer looks at each position, from each position: [B, heads, T, T] for each layer. */
  attention(x: Tensor): Tensor[] {
    let h = this.embed(x);
    return this.layers.layers.flatMap((layer) => {
      const seen = layer.norm1.forward(h);
      const options = { causal: true, averageWeights: false };
      const { weights } = layer.selfAttention.forward(seen, seen, seen, options);
      h = layer.forward(h, { causal: true });
      return weights ?? [];
    });
  }
}

/**
 * The loss: the mean cross entropy of the next characters under the logits.
 *
 * Shapes: logits [B, T, characters], next [B, T] int32 -> []
 * Units: nats per character
 */
export function nextCharacterLoss(logits: Tensor, next: Tensor): Tensor {
  return crossEntropy(logits.reshape([next.size, -1]), next.flatten());
}
