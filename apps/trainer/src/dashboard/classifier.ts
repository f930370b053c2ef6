import { Conv2d, Flatten, Linear, MaxPool2d, Module, ModuleList, ReLU } from "@stargrad/nn";
import type { Generator, Tensor } from "@stargrad/tensor";

import { sizeOf, type Data } from "./data.js";
import type { ModelName } from "./settings.js";

/** A small network that also tells what its hidden units said. */
export class Classifier extends Module {
  readonly layers: ModuleList<Layer>;

  constructor(layers: readonly Layer[]) {
    super();
    this.layers = new ModuleList(layers);
  }

  forward(x: Tensor): Tensor {
    return this.trace(x).output;
  }

  /** The output, and the activations after each ReLU. */
  trace(x: Tensor): { readonly output: Tensor; readonly hidden: readonly Tensor[] } {
    const hidden: Tensor[] = [];
    let output = x;
    for (const layer of this.layers) {
      output = layer.forward(output);
      if (layer instanceof ReLU) hidden.push(output);
    }
    return { output, hidden };
  }
}

type Layer = Module & { forward(x: Tensor): Tensor };

/** A model for data. `units`: of the hidden layer of a perceptron, or the channels of the second convolution */
export function classifierFor(
  data: Data,
  name: ModelName,
  { units, generator }: { readonly units: number; readonly generator: Generator },
): Classifier {
  const [inputs, outputs] = [sizeOf(data), data.classes.length];
  if (name === "linear") return new Classifier([new Flatten(), new Linear(inputs, outputs, { generator })]);
  if (name === "mlp" || data.what === "row") {
    return new Classifier([
      new Flatten(),
      new Linear(inputs, units, { generator }),
      new ReLU(),
      new Linear(units, outputs, { generator }),
    ]);
  }
  const [channels, height, width] = data.shape;
  return new Classifier([
    new Conv2d(channels, 8, 5, { padding: "same", generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(8, 16, 5, { padding: "same", generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(16 * Math.floor(height / 4) * Math.floor(width / 4), outputs, { generator }),
  ]);
}
