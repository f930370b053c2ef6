import type { Tensor } from "@stargrad/tensor";
import { gruStep } from "./recurrent-step.js";
import { Recurrent, type RecurrentOptions, type SequenceOptions } from "./recurrent.js";
import type { RNNState } from "./rnn.js";

/**
 * Processes a sequence with a gated recurrent unit:
 *
 * - reset `r = σ(Wᵣ x + bᵣ + Uᵣ h + cᵣ)`, update `z = σ(W_z x + b_z + U_z h + c_z)`
 * - new `n = tanh(Wₙ x + bₙ + r · (Uₙ h + cₙ))`
 * - `h' = (1 − z) · n + z · h`
 *
 * The reset gate is applied after the product with h. The input of each further layer is the output of the previous one, with
 * dropout in between.
 *
 * Shapes: x [T, N, in] -> output [T, N, H] with the last layer's h; [N, T, …] for batchFirst, or without N; twice H for
 *         both directions. hidden [layers · directions, N, H], for batchFirst too. lengths [N] for padded
 *         sequences; see `SequenceOptions`.
 *         weight_ih_l0 [3 H, in], weight_hh_l0 [3 H, H], bias_ih_l0 and bias_hh_l0 [3 H], in the order r, z, n
 * Init:   uniform ±1/√H
 * Defaults: one layer, one direction, no dropout; hidden 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option or a length does not
 * Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; torch.nn.GRU
 */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super("GRU", gruStep, [inputSize, hiddenSize], options);
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
