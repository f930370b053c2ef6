import { Conv2d, Linear, MaxPool2d, Module, ReLU } from "@stargrad/nn";
import { Generator, type Tensor } from "@stargrad/tensor";

import { animals, filterLayers, kernel } from "./sizes.js";

/** How loud each filter of each layer is heard by the next layer; 1 for as loud as it is. Shapes: [8, 1, 1] and [16, 1, 1] */
export type Volumes = readonly [first: Tensor, second: Tensor];

/** Everything the net computes on its way from pictures to votes. */
export interface Look {
  /** [N, 8, 28, 28] */
  readonly first: Tensor;
  /** [N, 16, 14, 14] */
  readonly second: Tensor;
  /** The votes for cat and dog, [N, 2]. */
  readonly votes: Tensor;
}

/**
 * A small convolutional net with 4,994 weights: two layers of 5 × 5 filters, and one vote for each animal.
 *
 * Shapes: forward(x [N, 1, 28, 28]) -> [N, 2]
 */
export class CatNet extends Module {
  readonly first: Conv2d;
  readonly second: Conv2d;
  readonly vote: Linear;
  readonly #relu = new ReLU();
  readonly #pool = new MaxPool2d(2);

  constructor(seed: number) {
    super();
    const generator = new Generator(seed);
    const [{ filters: first }, { filters: second }] = filterLayers;
    const padding = (kernel - 1) / 2;
    this.first = new Conv2d(1, first, kernel, { padding, generator });
    this.second = new Conv2d(first, second, kernel, { padding, generator });
    this.vote = new Linear(second * 7 * 7, animals.length, { generator });
  }

  forward(x: Tensor): Tensor {
    return this.look(x).votes;
  }

  /** The maps of both layers, as loud as told, and the votes. */
  look(x: Tensor, volumes?: Volumes): Look {
    const loud = (map: Tensor, layer: 0 | 1): Tensor =>
      volumes === undefined ? map : map.mul(volumes[layer]);
    const first = loud(this.#relu.forward(this.first.forward(x)), 0);
    const second = loud(this.#relu.forward(this.second.forward(this.#pool.forward(first))), 1);
    const votes = this.vote.forward(this.#pool.forward(second).flatten({ startAxis: 1 }));
    return { first, second, votes };
  }
}
