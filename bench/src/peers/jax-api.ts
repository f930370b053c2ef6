// The part of jax-js that is used here. The package is installed on demand, so its own types are not available.

/** Every function takes ownership of its arguments; use `ref` for an array that is needed again. */
export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(axis?: number): JaxArray;
  reshape(shape: number[]): JaxArray;
  transpose(axes: number[]): JaxArray;
  blockUntilReady(): Promise<JaxArray>;
  data(): Promise<Float32Array>;
  dispose(): void;
}

export type JaxTree = Record<string, JaxArray>;

export interface Jax {
  readonly numpy: {
    readonly array: (data: Float32Array | Int32Array, options: { shape: number[] }) => JaxArray;
    readonly matmul: (a: JaxArray, b: JaxArray) => JaxArray;
    readonly matrixTranspose: (a: JaxArray) => JaxArray;
    readonly max: (a: JaxArray, axis: number[]) => JaxArray;
    readonly ones: (shape: number[]) => JaxArray;
    readonly split: (a: JaxArray, sections: number, axis: number) => JaxArray[];
    readonly sqrt: (a: JaxArray) => JaxArray;
    readonly square: (a: JaxArray) => JaxArray;
    readonly tanh: (a: JaxArray) => JaxArray;
    readonly triu: (a: JaxArray, diagonal: number) => JaxArray;
    readonly zerosLike: (a: JaxArray) => JaxArray;
  };
  readonly nn: {
    readonly gelu: (a: JaxArray, options: { approximate: boolean }) => JaxArray;
    readonly logSoftmax: (a: JaxArray, axis: number) => JaxArray;
    readonly oneHot: (a: JaxArray, classes: number) => JaxArray;
    readonly relu: (a: JaxArray) => JaxArray;
    readonly softmax: (a: JaxArray, axis: number) => JaxArray;
    readonly standardize: (a: JaxArray, axis: number, options: { epsilon: number }) => JaxArray;
  };
  readonly lax: {
    readonly convGeneralDilated: (
      x: JaxArray,
      weight: JaxArray,
      strides: number[],
      padding: [number, number][],
    ) => JaxArray;
  };
  init(device: "wasm"): Promise<unknown>;
  defaultDevice(device: "wasm"): void;
  grad(f: (x: JaxArray) => JaxArray): (x: JaxArray) => JaxArray;
  valueAndGrad(f: (parameters: JaxTree) => JaxArray): (parameters: JaxTree) => [JaxArray, JaxTree];
  jit<F>(f: F): F;
}
