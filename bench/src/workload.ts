import type { Shape } from "@stargrad/tensor";

/** A layer of a model, as data, so that every contestant can build it. Convolutions keep the size of the image. */
export type Layer =
  | { readonly layer: "linear"; readonly inputs: number; readonly outputs: number }
  | {
      readonly layer: "convolution";
      readonly inputs: number;
      readonly outputs: number;
      readonly size: number;
    }
  | { readonly layer: "maxPool"; readonly size: number }
  | { readonly layer: "relu" }
  | { readonly layer: "flatten" }
  | { readonly layer: "embedding"; readonly rows: number; readonly features: number }
  | { readonly layer: "positions"; readonly places: number; readonly features: number }
  | { readonly layer: "causalTransformer"; readonly features: number; readonly heads: number }
  | { readonly layer: "layerNorm"; readonly features: number };

/** What is computed from the inputs, whose names stand behind each. */
export type Task =
  /** a · b over the last two axes, either read as its transpose. */
  | { readonly kind: "matmul"; readonly transposeA: boolean; readonly transposeB: boolean }
  /** x convolved with weight, padded on all sides. */
  | { readonly kind: "convolution"; readonly padding: number }
  /** The gradient of Σ convolution(x, weight) · upstream with respect to x, or to weight. */
  | { readonly kind: "convolutionInputGradient"; readonly padding: number }
  | { readonly kind: "convolutionFilterGradient"; readonly padding: number }
  /** Of x, over its last axis; layerNorm without weight and bias, ε = 1e-5. */
  | { readonly kind: "softmax" | "layerNorm" | "sum" }
  /** relu(2 x + 1) · x, or tanh(2 x + 1) · x. */
  | { readonly kind: "reluChain" | "tanhChain" }
  /**
   * Forward, cross entropy of x against the classes y, backward and Adam (learning rate 0.001), and the loss read back. The
   * other inputs are the parameters' first values, named by the layer's place, as in PyTorch's `Sequential`.
   */
  | { readonly kind: "trainingStep"; readonly layers: readonly Layer[] };

export interface Input {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

export type Inputs = Readonly<Record<string, Input>>;

/** One thing that is timed. */
export interface Workload {
  readonly name: string;
  readonly task: Task;
  /** What it cannot be faster than: its multiplications and additions, or the bytes it has to read and write. */
  readonly limit: { readonly operations: number } | { readonly bytes: number };
  /** The same numbers at every call. */
  readonly inputs: () => Inputs;
}
