import type { Tensor } from "@stargrad/tensor";
import { RecurrentCell, type RecurrentCellOptions } from "./recurrent-cell.js";
import { gruStep } from "./recurrent-step.js";
import type { CellState } from "./rnn-cell.js";

/**
 * One step of a GRU:
 *
 * - reset `r = σ(Wᵣ x + bᵣ + Uᵣ h + cᵣ)`, update `z = σ(W_z x + b_z + U_z h + c_z)`
 * - new `n = tanh(Wₙ x + bₙ + r · (Uₙ h + cₙ))`
 * - `h' = (1 − z) · n + z · h`
 *
 * Pass the returned state to the next step. For a whole sequence, `GRU` is faster: it multiplies the inputs of all steps with
 * the weight in one product.
 *
 * Shapes: x [N, in], hidden [N, H] -> hidden [N, H]; or all without N.
 *         weight_ih [3 H, in], weight_hh [3 H, H], bias_ih and bias_hh [3 H], in the order r, z, n
 * Init:   uniform ±1/√H
 * Defaults: hidden 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option does not
 * Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; torch.nn.GRUCell
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super("GRUCell", gruStep, [inputSize, hiddenSize], options);
  }

  forward(x: Tensor, options: CellState = {}): { readonly hidden: Tensor } {
    this.expectInputs(options, ["hidden"]);
    const { hidden } = options;
    const [next] = this.advance(x, { hidden: hidden ?? null });
    return { hidden: next };
  }
}
