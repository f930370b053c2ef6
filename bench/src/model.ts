import { Parameter } from "@stargrad/autograd";
import {
  Conv2d,
  Embedding,
  Flatten,
  LayerNorm,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  TransformerEncoderLayer,
  type Layer as ModuleLayer,
} from "@stargrad/nn";
import { normal, type Generator, type Tensor } from "@stargrad/tensor";
import type { Layer } from "./workload.js";

export function modelOf(layers: readonly Layer[], generator: Generator): Sequential {
  return new Sequential(...layers.map((layer) => moduleOf(layer, generator)));
}

function moduleOf(layer: Layer, generator: Generator): ModuleLayer {
  switch (layer.layer) {
    case "linear":
      return new Linear(layer.inputs, layer.outputs, { generator });
    case "convolution":
      return new Conv2d(layer.inputs, layer.outputs, layer.size, { padding: "same", generator });
    case "maxPool":
      return new MaxPool2d(layer.size);
    case "relu":
      return new ReLU();
    case "flatten":
      return new Flatten();
    case "embedding":
      return new Embedding(layer.rows, layer.features, { generator });
    case "positions":
      return new Positions(layer.places, layer.features, generator);
    case "causalTransformer":
      return new CausalTransformer(layer.features, layer.heads, generator);
    case "layerNorm":
      return new LayerNorm(layer.features);
  }
}

/** Adds a learned vector for each place, so that attention can tell places apart: x [N, T, E] -> [N, T, E]. */
class Positions extends Module {
  readonly weight: Parameter;

  constructor(places: number, features: number, generator: Generator) {
    super();
    this.weight = new Parameter(normal([places, features], { generator }));
  }

  forward(x: Tensor): Tensor {
    return x.add(this.weight);
  }
}

/** A layer of GPT-2: norms first, GELU, four times as wide in between, and nobody sees what comes later. */
class CausalTransformer extends TransformerEncoderLayer {
  constructor(features: number, heads: number, generator: Generator) {
    super(features, heads, {
      dimFeedforward: 4 * features,
      dropout: 0,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
      generator,
    });
  }

  override forward(x: Tensor): Tensor {
    return super.forward(x, { causal: true });
  }
}
