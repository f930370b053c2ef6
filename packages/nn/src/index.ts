export * as init from "./init.js";
export { Conv2d, type Conv2dOptions } from "./layers/conv2d.js";
export { Dropout } from "./layers/dropout.js";
export { Flatten, type FlattenOptions } from "./layers/flatten.js";
export { GELU, type GELUOptions } from "./layers/gelu.js";
export { Linear, type LinearOptions } from "./layers/linear.js";
export { MaxPool2d, type MaxPool2dOptions } from "./layers/max-pool2d.js";
export { ReLU } from "./layers/relu.js";
export { Sequential, type Layer } from "./layers/sequential.js";
export { Sigmoid } from "./layers/sigmoid.js";
export { Tanh } from "./layers/tanh.js";
export {
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyOptions,
} from "./losses/binary-cross-entropy.js";
export { crossEntropy, type CrossEntropyOptions } from "./losses/cross-entropy.js";
export { mseLoss } from "./losses/mse.js";
export type { LossOptions, Reduction } from "./losses/reduction.js";
export { Module } from "./module.js";
export type { Pair } from "./options.js";
