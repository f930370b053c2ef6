import { Linear, ReLU, Sequential, Sigmoid, Tanh } from "@stargrad/nn";
import { Generator, type Tensor } from "@stargrad/tensor";

import { push, type Activation, type Start } from "./sizes.js";

const activations = { tanh: Tanh, sigmoid: Sigmoid, relu: ReLU };

/**
 * A small neural network that maps the coordinates of a pixel to the amount of ink there. Its 337 knobs are the weights
 * and biases of three layers.
 *
 * Shapes: forward(x [N, 2]) -> [N, 1]
 */
export function brain(
  seed: number,
  { activation = "tanh", start = "usual" }: { activation?: Activation; start?: Start } = {},
) {
  const generator = new Generator(seed);
  const Bend = activations[activation];
  const model = new Sequential(
    new Linear(2, 16, { generator }),
    new Bend(),
    new Linear(16, 16, { generator }),
    new Bend(),
    new Linear(16, 1, { generator }),
  );
  if (start === "zero") for (const knob of model.parameters()) knob.assign(knob.detach().mul(0));
  if (start === "pushed") {
    const [first, , second] = model.layers;
    for (const { bias } of [first, second]) bias?.assign(bias.detach().add(push));
  }
  return model;
}

/** What the network computes on its way, layer by layer. */
export interface Passed {
  /** What each hidden neuron adds up, before its bend. */
  readonly sums: readonly [Tensor, Tensor];
  /** What each hidden neuron passes on. */
  readonly values: readonly [Tensor, Tensor];
  readonly answers: Tensor;
}

/** The forward pass with everything on the way. */
export function passed(model: ReturnType<typeof brain>, x: Tensor): Passed {
  const [first, bend, second, again, last] = model.layers;
  const a = first.forward(x);
  const valuesA = bend.forward(a);
  const b = second.forward(valuesA);
  const valuesB = again.forward(b);
  return { sums: [a, b], values: [valuesA, valuesB], answers: last.forward(valuesB) };
}
