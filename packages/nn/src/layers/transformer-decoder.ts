import type { Tensor } from "@stargrad/tensor";
import { moduleKind, modulesIn } from "../modules.js";
import { TensorModule } from "../tensor-module.js";
import type { LayerNorm } from "./layer-norm.js";
import type { DecoderMasks, TransformerDecoderLayer } from "./transformer-decoder-layer.js";
import type { TransformerStackOptions } from "./transformer-encoder.js";

/**
 * Applies decoder layers one after another, each with the same memory and the same masks. PyTorch copies one layer with
 * its initial weights; here the layers are created separately.
 *
 * Shapes: x and memory as the layers accept them -> y like x
 * Source: torch.nn.TransformerDecoder
 */
export class TransformerDecoder extends TensorModule {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "TransformerDecoder";
  }

  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: LayerNorm | null;

  constructor(layers: readonly TransformerDecoderLayer[], options: TransformerStackOptions = {}) {
    super(undefined, undefined, options, { norm: moduleKind });
    this.layers = modulesIn("TransformerDecoder", layers, "Pass a list of layers");
    this.norm = options.norm ?? null;
  }

  forward(x: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const y = this.layers.reduce((h, layer) => layer.forward(h, memory, masks), x);
    return this.norm === null ? y : this.norm.forward(y);
  }
}
