import { Linear, Sequential, Tanh } from "@stargrad/nn";
import { Generator } from "@stargrad/tensor";

/**
 * A small neural network that maps the coordinates of a pixel to the amount of ink there. Its 337 knobs are the weights
 * and biases of three layers.
 *
 * Shapes: forward(x [N, 2]) -> [N, 1]
 */
export function brain(seed: number): Sequential {
  const generator = new Generator(seed);
  return new Sequential(
    new Linear(2, 16, { generator }),
    new Tanh(),
    new Linear(16, 16, { generator }),
    new Tanh(),
    new Linear(16, 1, { generator }),
  );
}
