import type { Tensor } from "@stargrad/tensor";
import { RecurrentCell, type RecurrentCellOptions } from "./recurrent-cell.js";
import { elmanStep } from "./recurrent-step.js";
import type { RNNOptions } from "./rnn.js";

export type RNNCellOptions = RecurrentCellOptions & Pick<RNNOptions, "nonlinearity">;

/** The state of a cell. */
export interface CellState {
  /** The hidden state, [N, H]. Default: zeros. */
  readonly hidden?: Tensor;
}

/**
 * One step of an RNN: `h' = tanh(Wᵢ x + bᵢ + Wₕ h + bₕ)`, or ReLU instead of tanh. Pass the returned state to the next
 * step. For a whole sequence, `RNN` is faster: it multiplies the inputs of all steps with the weight in one product.
 *
 * Shapes: x [N, in], hidden [N, H] -> hidden [N, H]; or all without N.
 *         weight_ih [H, in], weight_hh [H, H], bias_ih and bias_hh [H]
 * Init:   uniform ±1/√H
 * Defaults: tanh; hidden 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option does not
 * Source: Elman, "Finding Structure in Time", 1990; torch.nn.RNNCell
 */
export class RNNCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    super("RNNCell", elmanStep({ ...options }), [inputSize, hiddenSize], options);
  }

  forward(x: Tensor, options: CellState = {}): { readonly hidden: Tensor } {
    this.expectInputs(options, ["hidden"]);
    const { hidden } = options;
    const [next] = this.advance(x, { hidden: hidden ?? null });
    return { hidden: next };
  }
}
