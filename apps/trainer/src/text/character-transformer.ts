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
  /** How many characters there are. */
  readonly characters: number;
  /** How many characters it sees at once. */
  readonly context: number;
  readonly layers: number;
  /** How many numbers stand for a character on its way through the layers. */
  readonly width: number;
  readonly heads: number;
}

/**
 * Says for each character of a text which may come next, having seen those up to it: a small GPT. Each character and each
 * place has a vector; their sum goes through layers of causal attention, the norms first, with a network four times as
 * wide in between, and a last norm.
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

  /** How many characters it sees at once. */
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
    const h = this.characters.forward(x).add(this.places.weight.narrow(0, 0, length)); // [B, T, width]
    return this.output.forward(this.layers.forward(h, { causal: true }));
  }
}

/**
 * How surprising the characters that came are under the logits, in the mean: cross entropy.
 *
 * Shapes: logits [B, T, characters], next [B, T] int32 -> []
 * Units: nats per character
 */
export function surprise(logits: Tensor, next: Tensor): Tensor {
  return crossEntropy(logits.reshape([next.size, -1]), next.flatten());
}
