import type { Tensor } from "@stargrad/tensor";
import { moduleKind, modulesIn } from "../modules.js";
import { TensorModule } from "../tensor-module.js";
import type { LayerNorm } from "./layer-norm.js";
import type { AttentionMasks } from "./multihead-attention.js";
import type { TransformerEncoderLayer } from "./transformer-encoder-layer.js";

export interface TransformerStackOptions {
  /** Applied to the output of the last layer. Default: none. */
  readonly norm?: LayerNorm;
}

/**
 * Applies encoder layers one after another, each with the same masks. PyTorch copies one layer with its initial weights;
 * here the layers are created separately.
 *
 * Shapes: x as the layers accept it -> y the same
 * Source: torch.nn.TransformerEncoder
 */
export class TransformerEncoder extends TensorModule {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "TransformerEncoder";
  }

  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: LayerNorm | null;

  constructor(layers: readonly TransformerEncoderLayer[], options: TransformerStackOptions = {}) {
    super(undefined, undefined, options, { norm: moduleKind });
    this.layers = modulesIn("TransformerEncoder", layers, "Pass a list of layers");
    this.norm = options.norm ?? null;
  }

  forward(x: Tensor, masks: AttentionMasks = {}): Tensor {
    const y = this.layers.reduce((h, layer) => layer.forward(h, masks), x);
    return this.norm === null ? y : this.norm.forward(y);
  }
}
