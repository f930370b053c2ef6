import type { Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { writeLayer } from "../options.js";
import { expectAxes } from "../shapes.js";

export interface FlattenOptions {
  /** The first axis to join; negative counts from the end. Default: 1, which leaves the batch alone. */
  readonly startAxis?: number;
  /** The last axis to join; negative counts from the end. Default: −1. */
  readonly endAxis?: number;
}

/**
 * Joins several axes into one.
 *
 * Shapes: x [N, …] -> y [N, all the rest]
 * Throws: ShapeError if x does not have the axes
 * Source: torch.nn.Flatten
 */
export class Flatten extends Module {
  readonly #startAxis: number;
  readonly #endAxis: number;
  readonly #written: string;

  constructor(options: FlattenOptions = {}) {
    super();
    const { startAxis = 1, endAxis = -1 } = options;
    [this.#startAxis, this.#endAxis] = [startAxis, endAxis];
    this.#written = writeLayer("Flatten", [], options);
  }

  forward(x: Tensor): Tensor {
    const [start, end] = [this.#startAxis, this.#endAxis];
    expectAxes(this.#written, x, [start, end]);
    return x.flatten({ startAxis: start, endAxis: end });
  }

  override describe(): string {
    return this.#written;
  }
}
