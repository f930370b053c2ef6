import type { Tensor } from "@stargrad/tensor";
import { gruStep } from "./recurrent-step.js";
import { Recurrent, type RecurrentOptions, type SequenceOptions } from "./recurrent.js";
import type { RNNState } from "./rnn.js";

/**
 * Reads a sequence with a state that gates renew or keep:
 *
 * - reset `r = σ(Wᵣ x + bᵣ + Uᵣ h + cᵣ)`, update `z = σ(W_z x + b_z + U_z h + c_z)`
 * - new `n = tanh(Wₙ x + bₙ + r · (Uₙ h + cₙ))`
 * - `h' = (1 − z) · n + z · h`
 *
 * The reset comes after the product with h. Each further layer reads the outputs of the one before; dropout stands between
 * them.
 *
 * Shapes: x [T, N, in] -> output [T, N, H] with the last layer's h; [N, T, …] for batchFirst, or without N; twice H for
 *         both directions. hidden [layers · directions, N, H], for batchFirst as well. lengths [N], where
 *         sequences are padded; see `SequenceOptions`.
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
    { hidden, lengths }: RNNState & SequenceOptions = {},
  ): { readonly output: Tensor; readonly hidden: Tensor } {
    const { output, states } = this.read(x, { hidden: hidden ?? null }, lengths ?? null);
    return { output, hidden: states[0] };
  }
}
