import { Parameter } from "@stargrad/autograd";
import type { FloatOptions, Tensor } from "@stargrad/tensor";
import { fanInUniform } from "../init.js";

/** The states of one direction of one layer, each [N, H]; the first is what it puts out. */
export type States = readonly [Tensor, ...Tensor[]];

/**
 * The next states from what the input and the state before contribute to the gates, each [N, G · H]. They are apart because
 * GRU resets a part of one of them.
 */
export type RecurrentStep = (fromInput: Tensor, fromHidden: Tensor, before: States) => States;

/** What a recurrent layer does at every step. */
export interface StepKind {
  readonly gates: number;
  readonly step: RecurrentStep;
}

/** `h' = tanh(i + u)`, or with ReLU for tanh. */
export function elmanStep(nonlinearity: "tanh" | "relu"): StepKind {
  return {
    gates: 1,
    step(fromInput, fromHidden) {
      const sum = fromInput.add(fromHidden);
      return [nonlinearity === "tanh" ? sum.tanh() : sum.relu()];
    },
  };
}

/** The gates are i, f, g and o: `c' = σ(f) c + σ(i) tanh(g)`, `h' = σ(o) tanh(c')`. */
export const lstmStep: StepKind = {
  gates: 4,
  step(fromInput, fromHidden, [hidden, cell]) {
    const gates = fromInput.add(fromHidden).split(hidden.shape[1], { axis: 1 });
    const [input, forget, written, shown] = gates;
    const next = forget.sigmoid().mul(cell).add(input.sigmoid().mul(written.tanh()));
    return [shown.sigmoid().mul(next.tanh()), next];
  },
};

/** The gates are r, z and n: `h' = (1 − σ(z)) n' + σ(z) h` with `n' = tanh(nᵢ + σ(r) nᵤ)`. */
export const gruStep: StepKind = {
  gates: 3,
  step(fromInput, fromHidden, [hidden]) {
    const [inputReset, inputUpdate, inputNew] = fromInput.split(hidden.shape[1], { axis: 1 });
    const [hiddenReset, hiddenUpdate, hiddenNew] = fromHidden.split(hidden.shape[1], { axis: 1 });
    const reset = inputReset.add(hiddenReset).sigmoid();
    const update = inputUpdate.add(hiddenUpdate).sigmoid();
    const candidate = inputNew.add(reset.mul(hiddenNew)).tanh();
    return [candidate.add(update.mul(hidden.sub(candidate)))];
  },
};

/** The weights of one direction of one layer, for G gates: what it takes of its input and of its state. */
export interface CellWeights {
  readonly inputWeight: Parameter; // [G · H, in]
  readonly hiddenWeight: Parameter; // [G · H, H]
  readonly inputBias: Parameter | null; // [G · H]
  readonly hiddenBias: Parameter | null; // [G · H]
}

/** Weights as they begin: uniform ±1/√H, whatever the input's size. */
export function drawWeights(
  { gates }: StepKind,
  features: number,
  hiddenSize: number,
  { bias, ...options }: FloatOptions & { readonly bias: boolean },
): CellWeights {
  const draw = (...shape: number[]): Parameter => new Parameter(fanInUniform(shape, hiddenSize, options));
  return {
    inputWeight: draw(gates * hiddenSize, features),
    hiddenWeight: draw(gates * hiddenSize, hiddenSize),
    inputBias: bias ? draw(gates * hiddenSize) : null,
    hiddenBias: bias ? draw(gates * hiddenSize) : null,
  };
}

/** The weights by PyTorch's names, and what ends them. */
export function namedWeights(
  weights: CellWeights,
  end: string,
): (readonly [name: string, weight: Parameter | null])[] {
  return [
    [`weight_ih${end}`, weights.inputWeight],
    [`weight_hh${end}`, weights.hiddenWeight],
    [`bias_ih${end}`, weights.inputBias],
    [`bias_hh${end}`, weights.hiddenBias],
  ];
}

/** What an input [N, in], or inputs [T, N, in], contribute to the gates. */
export function fromInput({ inputWeight, inputBias }: CellWeights, x: Tensor): Tensor {
  return affine(x, inputWeight, inputBias);
}

/** What a state [N, H] contributes to the gates. */
export function fromHidden({ hiddenWeight, hiddenBias }: CellWeights, hidden: Tensor): Tensor {
  return affine(hidden, hiddenWeight, hiddenBias);
}

function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const y = x.matmul(weight.transpose());
  return bias === null ? y : y.add(bias);
}
