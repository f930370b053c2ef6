import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { Recurrent, type RecurrentOptions, type States } from "./recurrent.js";

export interface RNNOptions extends RecurrentOptions {
  /** What makes the next state of the sum. Default: `"tanh"`. */
  readonly nonlinearity?: "tanh" | "relu";
}

/** What a sequence leaves behind, and with what the next one can begin. */
export interface RNNState {
  /** The hidden state of every layer and direction, [layers · directions, N, H]. Default: zeros. */
  readonly hidden?: Tensor;
}

/**
 * Reads a sequence with a state that each step renews: `h[t] = tanh(Wᵢ x[t] + bᵢ + Wₕ h[t − 1] + bₕ)`, or with ReLU for tanh.
 * Each further layer reads the outputs of the one before; dropout stands between them.
 *
 * Shapes: x [T, N, in] -> output [T, N, H] with the last layer's h[t]; [N, T, …] for batchFirst, or without N; twice H for
 *         both directions. hidden [layers · directions, N, H], for batchFirst as well.
 *         weight_ih_l0 [H, in], weight_hh_l0 [H, H], bias_ih_l0 and bias_hh_l0 [H]
 * Init:   uniform ±1/√H
 * Defaults: tanh, one layer, one direction, no dropout; hidden 0
 * Throws: ShapeError if an input does not fit; ArgumentError if an option does not
 * Source: Elman, "Finding Structure in Time", 1990; torch.nn.RNN
 */
export class RNN extends Recurrent {
  readonly #nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    super("RNN", { gates: 1, inputSize, hiddenSize }, options);
    const { nonlinearity = "tanh" } = options;
    if (!["tanh", "relu"].includes(nonlinearity)) {
      throw new ArgumentError("RNN", `got nonlinearity ${nonlinearity}; expected "tanh" or "relu"`);
    }
    this.#nonlinearity = nonlinearity;
  }

  forward(x: Tensor, { hidden }: RNNState = {}): { readonly output: Tensor; readonly hidden: Tensor } {
    const { output, states } = this.read(x, { hidden: hidden ?? null });
    return { output, hidden: states[0] };
  }

  protected override step(fromInput: Tensor, fromHidden: Tensor): States {
    const sum = fromInput.add(fromHidden);
    return [this.#nonlinearity === "tanh" ? sum.tanh() : sum.relu()];
  }
}
