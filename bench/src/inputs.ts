import { normal, randint, type Generator, type Shape, type Tensor } from "@stargrad/tensor";
import type { Input } from "./workload.js";

/** Normally distributed numbers, the same for every contestant. */
export function normalInput(shape: Shape, generator: Generator): Input {
  return inputOf(normal(shape, { generator }));
}

/** Whole numbers from 0 to below `high`. */
export function classInput(shape: Shape, high: number, generator: Generator): Input {
  return inputOf(randint(shape, { high, generator }));
}

export function inputOf(x: Tensor): Input {
  const data = x.dataSync();
  if (data instanceof Float32Array || data instanceof Int32Array) return { shape: x.shape, data };
  throw new Error(`an input is ${x.dtype}; expected float32 or int32`);
}
