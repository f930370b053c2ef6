import { Parameter } from "@stargrad/autograd";
import type { FloatOptions, Tensor } from "@stargrad/tensor";
import { oneOf, type Kind } from "@stargrad/tensor/internal";
import { fanInUniform } from "../init.js";

/** The states of one direction of one layer, each [N, H]; the first is the output. */
export type States = readonly [Tensor, ...Tensor[]];

/**
 * Computes the next states from the contributions of the input and of the previous state to the gates, each [N, G · H]. They
 * are separate arguments because GRU applies its reset gate to only one of them.
 */
export type RecurrentStep = (fromInput: Tensor, fromHidden: Tensor, before: States) => States;

/** The number of gates and the step function of a recurrent layer. */
export interface StepKind {
  readonly gates: number;
  readonly step: RecurrentStep;
  /** The options that only this kind has. */
  readonly options?: Readonly<Record<string, Kind>>;
}

/** `h' = tanh(i + u)`, or ReLU instead of tanh. */
export function elmanStep({ nonlinearity }: { readonly nonlinearity?: "tanh" | "relu" }): StepKind {
  return {
    gates: 1,
    options: { nonlinearity: oneOf("tanh", "relu") },
    step(fromInput, fromHidden) {
      const sum = fromInput.add(fromHidden);
      return [nonlinearity === "relu" ? sum.relu() : sum.tanh()];
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

/** The weights of one direction of one layer with G gates, for its input and for its state. */
export interface CellWeights {
  readonly inputWeight: Parameter; // [G · H, in]
  readonly hiddenWeight: Parameter; // [G · H, H]
  readonly inputBias: Parameter | null; // [G · H]
  readonly hiddenBias: Parameter | null; // [G · H]
}

/** Initial weights: uniform ±1/√H, independent of the input size. */
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

/** The weights by PyTorch's names with the suffix `end`. */
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

/** The contribution of an input [N, in], or of inputs [T, N, in], to the gates. */
export function fromInput({ inputWeight, inputBias }: CellWeights, x: Tensor): Tensor {
  return affine(x, inputWeight, inputBias);
}

/** The contribution of a state [N, H] to the gates. */
export function fromHidden({ hiddenWeight, hiddenBias }: CellWeights, hidden: Tensor): Tensor {
  return affine(hidden, hiddenWeight, hiddenBias);
}

function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const y = x.matmul(weight.transpose());
  return bias === null ? y : y.add(bias);
}
