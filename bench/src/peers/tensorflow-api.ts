// The part of TensorFlow.js that is used here. The packages are installed on demand, so their own types are not available.

export interface TfTensor {
  readonly shape: number[];
  add(other: TfTensor | number): TfTensor;
  mul(other: TfTensor): TfTensor;
  div(other: TfTensor): TfTensor;
  sub(other: TfTensor): TfTensor;
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface Tf {
  readonly train: {
    readonly adam: (
      learningRate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
    ) => { minimize(f: () => TfTensor, returnCost: true): TfTensor; dispose(): void };
  };
  readonly losses: { readonly softmaxCrossEntropy: (target: TfTensor, logits: TfTensor) => TfTensor };
  setBackend(name: "wasm"): Promise<boolean>;
  ready(): Promise<void>;
  tidy<T>(f: () => T): T;
  tensor(data: Float32Array | Int32Array, shape: number[]): TfTensor;
  variable(value: TfTensor): TfTensor;
  oneHot(indices: TfTensor, depth: number): TfTensor;
  transpose(x: TfTensor, axes: number[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA: boolean, transposeB: boolean): TfTensor;
  conv2d(x: TfTensor, filter: TfTensor, strides: number, padding: number): TfTensor;
  conv2dTranspose(
    x: TfTensor,
    filter: TfTensor,
    outputShape: number[],
    strides: number,
    padding: number,
  ): TfTensor;
  softmax(x: TfTensor): TfTensor;
  moments(x: TfTensor, axis: number, keepDims: boolean): { mean: TfTensor; variance: TfTensor };
  rsqrt(x: TfTensor): TfTensor;
  relu(x: TfTensor): TfTensor;
  tanh(x: TfTensor): TfTensor;
  sum(x: TfTensor, axis: number): TfTensor;
  scalar(value: number): TfTensor;
}
