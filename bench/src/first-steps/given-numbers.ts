import { sizeOf, type Shape } from "@stargrad/graph";
import { fromData, ones, type Tensor } from "@stargrad/tensor";
import type { GivenInput } from "./first-step.js";

// Pseudo-random numbers that every process computes itself, in any language: `peers/torch_first_step.py` computes the same ones in
// Python.

/** Hashes the whole numbers from `start` on to 32 bits, with the finalizer of MurmurHash3. */
export function scattered(count: number, start: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => {
    let h = start + i;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  });
}

/** From −1 to 1. */
export function givenNumbers(count: number, start: number): Float32Array {
  return Float32Array.from(scattered(count, start), (bits) => bits / 2 ** 31 - 1);
}

export function givenInput({ shape, high }: GivenInput, start: number): Tensor {
  const count = sizeOf(shape);
  if (high === undefined) return fromData(givenNumbers(count, start), shape);
  return fromData(
    Int32Array.from(scattered(count, start), (bits) => bits % high),
    shape,
  );
}

/**
 * The shared initial weights. Weights with several axes lie in ±√(3 / inputs of a row), which preserves the size of activations
 * from layer to layer. With one axis, a norm's weight is 1, and a bias lies in ±0.1. The n-th parameter in the order of names
 * starts at n · 2²⁰.
 */
export function givenState(shapes: ReadonlyMap<string, Shape>): Map<string, Tensor> {
  const names = [...shapes.keys()].sort();
  return new Map(
    [...shapes].map(([name, shape]) => {
      const count = sizeOf(shape);
      if (shape.length === 1 && name.endsWith("weight")) return [name, ones(shape)];
      const bound = shape.length === 1 ? 0.1 : Math.sqrt((3 * shape[0]) / count);
      const data = givenNumbers(count, names.indexOf(name) * 2 ** 20).map((number) => number * bound);
      return [name, fromData(data, shape)];
    }),
  );
}
