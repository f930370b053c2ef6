import type { Tensor } from "@stargrad/tensor";
import { Recurrent, type RecurrentOptions, type States } from "./recurrent.js";
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
 *         both directions. hidden [layers · directions, N, H], for batchFirst as well.
 *         weight_ih_l0 [3 H, in], weight_hh_l0 [3 H, H], bias_ih_l0 and bias_hh_l0 [3 H], in the order r, z, n
 * Init:   uniform ±1/√H
 * Defaults: one layer, one direction, no dropout; hidden 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option does not
 * Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; torch.nn.GRU
 */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super("GRU", { gates: 3, inputSize, hiddenSize }, options);
  }

  forward(x: Tensor, { hidden }: RNNState = {}): { readonly output: Tensor; readonly hidden: Tensor } {
    const { output, states } = this.read(x, { hidden: hidden ?? null });
    return { output, hidden: states[0] };
  }

  protected override step(fromInput: Tensor, fromHidden: Tensor, [hidden]: States): States {
    const [inputReset, inputUpdate, inputNew] = fromInput.split(this.hiddenSize, { axis: 1 });
    const [hiddenReset, hiddenUpdate, hiddenNew] = fromHidden.split(this.hiddenSize, { axis: 1 });
    const reset = inputReset.add(hiddenReset).sigmoid();
    const update = inputUpdate.add(hiddenUpdate).sigmoid();
    const candidate = inputNew.add(reset.mul(hiddenNew)).tanh();
    return [candidate.add(update.mul(hidden.sub(candidate)))];
  }
}
