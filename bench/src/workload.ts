import type { Shape } from "@stargrad/tensor";

/** A layer of a model, as data, so that every contestant can build it. */
export type Layer =
  | { readonly layer: "linear"; readonly inputs: number; readonly outputs: number }
  /** Padded so that the image keeps its size for stride 1. Defaults: stride 1, with a bias */
  | {
      readonly layer: "convolution";
      readonly inputs: number;
      readonly outputs: number;
      readonly size: number;
      readonly stride?: number;
      readonly bias?: boolean;
    }
  | { readonly layer: "maxPool"; readonly size: number }
  /** The mean of each channel's image. */
  | { readonly layer: "globalAveragePool" }
  | { readonly layer: "batchNorm"; readonly features: number }
  /** body(x) + shortcut(x); an empty shortcut is x. */
  | { readonly layer: "residual"; readonly body: readonly Layer[]; readonly shortcut: readonly Layer[] }
  | { readonly layer: "relu" | "tanh" | "flatten" }
  | { readonly layer: "embedding"; readonly rows: number; readonly features: number }
  | { readonly layer: "positions"; readonly places: number; readonly features: number }
  | { readonly layer: "causalTransformer"; readonly features: number; readonly heads: number }
  /** PyTorch's encoder layer: post-norm, ReLU, a feed-forward network of twice the width, no dropout. */
  | { readonly layer: "encoder"; readonly features: number; readonly heads: number }
  /** Returns its outputs at all times, [T, N, outputs]. */
  | { readonly layer: "lstm"; readonly inputs: number; readonly outputs: number }
  | { readonly layer: "layerNorm"; readonly features: number };

/** The computation. The names of its inputs are given after each kind. */
export type Task =
  /** a · b over the last two axes; each may be transposed. */
  | { readonly kind: "matmul"; readonly transposeA: boolean; readonly transposeB: boolean }
  /** The convolution of x with weight, padded on all sides. */
  | { readonly kind: "convolution"; readonly padding: number }
  /** The gradient of Σ convolution(x, weight) · upstream with respect to x, or to weight. */
  | { readonly kind: "convolutionInputGradient"; readonly padding: number }
  | { readonly kind: "convolutionFilterGradient"; readonly padding: number }
  /** Of x, over its last axis; layerNorm without weight and bias, ε = 1e-5. */
  | { readonly kind: "softmax" | "layerNorm" | "sum" }
  /** relu(2 x + 1) · x, or tanh(2 x + 1) · x. */
  | { readonly kind: "reluChain" | "tanhChain" }
  /** The forward pass alone, in eval mode and without gradients. Inputs besides x are the parameters, as in a training step. */
  | { readonly kind: "forward"; readonly layers: readonly Layer[] }
  | TrainingStep;

/**
 * Forward pass, loss, backward pass, Adam (learning rate 0.001), and reading the loss. The inputs besides x and y are the initial
 * values of the parameters, whose names begin with the index of the layer, as in PyTorch's `Sequential`.
 */
export interface TrainingStep {
  readonly kind: "trainingStep";
  readonly layers: readonly Layer[];
  readonly loss: Loss;
}

/** The cross entropy of the outputs and the classes y, or the mean of the squared outputs, which needs no y. */
export type Loss = "crossEntropy" | "meanSquare";

export interface Input {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

export type Inputs = Readonly<Record<string, Input>>;

/** A computation that is timed. */
export interface Workload {
  readonly name: string;
  readonly task: Task;
  /** The work that limits its speed: its multiplications and additions, or the bytes it has to read and write. */
  readonly limit: { readonly operations: number } | { readonly bytes: number };
  /** Makes the inputs; the same numbers at every call. */
  readonly inputs: () => Inputs;
}
