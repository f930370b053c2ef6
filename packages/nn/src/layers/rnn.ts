import type { Tensor } from "@stargrad/tensor";
import { elmanStep } from "./recurrent-step.js";
import { Recurrent, type RecurrentOptions, type SequenceOptions } from "./recurrent.js";

export interface RNNOptions extends RecurrentOptions {
  /** The activation function of the hidden state. Default: `"tanh"`. */
  readonly nonlinearity?: "tanh" | "relu";
}

/** The initial state of a sequence, and the final one of the previous sequence. */
export interface RNNState {
  /** The hidden state of every layer and direction, [layers · directions, N, H]. Default: zeros. */
  readonly hidden?: Tensor;
}

/**
 * Processes a sequence with a hidden state: `h[t] = tanh(Wᵢ x[t] + bᵢ + Wₕ h[t − 1] + bₕ)`, or ReLU instead of tanh. The input
 * of each further layer is the output of the previous one, with dropout in between.
 *
 * Shapes: x [T, N, in] -> output [T, N, H] with the last layer's h[t]; [N, T, …] for batchFirst, or without N; twice H for
 *         both directions. hidden [layers · directions, N, H], for batchFirst too. lengths [N] for padded
 *         sequences; see `SequenceOptions`.
 *         weight_ih_l0 [H, in], weight_hh_l0 [H, H], bias_ih_l0 and bias_hh_l0 [H]
 * Init:   uniform ±1/√H
 * Defaults: tanh, one layer, one direction, no dropout; hidden 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option or a length does not
 * Source: Elman, "Finding Structure in Time", 1990; torch.nn.RNN
 */
export class RNN extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    super("RNN", elmanStep({ ...options }), [inputSize, hiddenSize], options);
  }

  forward(
    x: Tensor,
    options: RNNState & SequenceOptions = {},
  ): { readonly output: Tensor; readonly hidden: Tensor } {
    this.expectInputs(options, ["hidden", "lengths"]);
    const { hidden, lengths } = options;
    const { output, states } = this.read(x, { hidden: hidden ?? null }, lengths ?? null);
    return { output, hidden: states[0] };
  }
}
