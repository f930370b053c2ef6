import type { Tensor } from "@stargrad/tensor";
import { RecurrentCell, type RecurrentCellOptions } from "./recurrent-cell.js";
import { lstmStep } from "./recurrent-step.js";
import type { CellState } from "./rnn-cell.js";

/** The states of an LSTM cell. */
export interface LSTMCellState extends CellState {
  /** The cell state, [N, H]. Default: zeros. */
  readonly cell?: Tensor;
}

/**
 * One step of an LSTM:
 *
 * - input, forget and output gate `i, f, o = σ(W x + b + U h + c)` and cell candidate `g = tanh(W x + b + U h + c)`, each
 *   with its own weights
 * - `c' = f · c + i · g`, `h' = o · tanh(c')`
 *
 * Pass the returned states to the next step. For a whole sequence, `LSTM` is faster: it multiplies the inputs of all steps
 * with the weight in one product.
 *
 * Shapes: x [N, in], hidden and cell [N, H] -> hidden and cell [N, H]; or all without N.
 *         weight_ih [4 H, in], weight_hh [4 H, H], bias_ih and bias_hh [4 H], in the order i, f, g, o
 * Init:   uniform ±1/√H
 * Defaults: hidden and cell 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option does not
 * Source: Hochreiter & Schmidhuber, "Long Short-Term Memory", 1997; Gers et al., "Learning to Forget", 2000;
 *         torch.nn.LSTMCell
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super("LSTMCell", lstmStep, [inputSize, hiddenSize], options);
  }

  forward(x: Tensor, options: LSTMCellState = {}): { readonly hidden: Tensor; readonly cell: Tensor } {
    this.expectInputs(options, ["hidden", "cell"]);
    const { hidden, cell } = options;
    const [nextHidden, nextCell] = this.advance(x, { hidden: hidden ?? null, cell: cell ?? null });
    return { hidden: nextHidden, cell: nextCell };
  }
}
