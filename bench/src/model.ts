import { Parameter } from "@stargrad/autograd";
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Embedding,
  Flatten,
  LayerNorm,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  ReLU,
  Residual,
  Sequential,
  Tanh,
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
    case "convolution": {
      const { inputs, outputs, size, stride = 1, bias = true } = layer;
      return new Conv2d(inputs, outputs, size, { stride, padding: (size - 1) / 2, bias, generator });
    }
    case "maxPool":
      return new MaxPool2d(layer.size);
    case "globalAveragePool":
      return new AdaptiveAvgPool2d(1);
    case "batchNorm":
      return new BatchNorm2d(layer.features);
    case "residual": {
      const [body, shortcut] = [layer.body, layer.shortcut].map((part) => modelOf(part, generator));
      return layer.shortcut.length > 0 ? new Residual(body, shortcut) : new Residual(body);
    }
    case "relu":
      return new ReLU();
    case "tanh":
      return new Tanh();
    case "flatten":
      return new Flatten();
    case "embedding":
      return new Embedding(layer.rows, layer.features, { generator });
    case "positions":
      return new Positions(layer.places, layer.features, generator);
    case "causalTransformer":
      return new CausalTransformer(layer.features, layer.heads, generator);
    case "encoder":
      return new TransformerEncoderLayer(layer.features, layer.heads, {
        dimFeedforward: 2 * layer.features,
        dropout: 0,
        batchFirst: true,
        generator,
      });
    case "layerNorm":
      return new LayerNorm(layer.features);
    case "lstm":
      return new OutputsOfLstm(layer.inputs, layer.outputs, generator);
  }
}

/** Adds a learned position embedding: x [N, T, E] -> [N, T, E]. */
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

/** A layer of GPT-2: pre-norm, GELU, a feed-forward network of four times the width, and causal attention. */
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

/** An LSTM that returns only its outputs: x [T, N, in] -> [T, N, out]. */
class OutputsOfLstm extends Module {
  readonly lstm: LSTM;

  constructor(inputs: number, outputs: number, generator: Generator) {
    super();
    this.lstm = new LSTM(inputs, outputs, { generator });
  }

  forward(x: Tensor): Tensor {
    return this.lstm.forward(x).output;
  }
}
