import type { Tensor } from "@stargrad/tensor";
import { lstmStep } from "./recurrent-step.js";
import { Recurrent, type RecurrentOptions, type SequenceOptions } from "./recurrent.js";

/** The initial states of a sequence, and the final ones of the previous sequence. */
export interface LSTMState {
  /** The hidden state of every layer and direction, [layers · directions, N, H]. Default: zeros. */
  readonly hidden?: Tensor;
  /** The cell state of every layer and direction, likewise. Default: zeros. */
  readonly cell?: Tensor;
}

/**
 * Processes a sequence with long short-term memory:
 *
 * - input, forget and output gate `i, f, o = σ(W x + b + U h + c)` and cell candidate `g = tanh(W x + b + U h + c)`, each
 *   with its own weights
 * - `c' = f · c + i · g`, `h' = o · tanh(c')`
 *
 * The input of each further layer is the output of the previous one, with dropout in between.
 *
 * Shapes: x [T, N, in] -> output [T, N, H] with the last layer's h; [N, T, …] for batchFirst, or without N; twice H for
 *         both directions. hidden and cell [layers · directions, N, H], for batchFirst too. lengths [N] for padded
 *         sequences; see `SequenceOptions`.
 *         weight_ih_l0 [4 H, in], weight_hh_l0 [4 H, H], bias_ih_l0 and bias_hh_l0 [4 H], in the order i, f, g, o
 * Init:   uniform ±1/√H
 * Defaults: one layer, one direction, no dropout; hidden and cell 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option or a length does not
 * Source: Hochreiter & Schmidhuber, "Long Short-Term Memory", 1997; Gers et al., "Learning to Forget", 2000; torch.nn.LSTM
 */
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super("LSTM", lstmStep, [inputSize, hiddenSize], options);
  }

  forward(
    x: Tensor,
    options: LSTMState & SequenceOptions = {},
  ): { readonly output: Tensor; readonly hidden: Tensor; readonly cell: Tensor } {
    this.expectInputs(options, ["hidden", "cell", "lengths"]);
    const { hidden, cell, lengths } = options;
    const { output, states } = this.read(x, { hidden: hidden ?? null, cell: cell ?? null }, lengths ?? null);
    return { output, hidden: states[0], cell: states[1] };
  }
}
