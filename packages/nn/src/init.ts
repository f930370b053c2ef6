import { ShapeError, uniform, type FloatOptions, type Shape, type Tensor } from "@stargrad/tensor";
import { formatShape } from "./shapes.js";

export interface KaimingOptions extends FloatOptions {
  /** The slope below 0 of the leaky ReLU that follows; 0 for ReLU. Default: 0. */
  readonly negativeSlope?: number;
}

/**
 * How many inputs each output of a layer is computed from: all axes of its weight but the first. A convolution's weight
 * [out, in / groups, kH, kW] counts the channels of one group.
 *
 * Throws: ShapeError if the weight has fewer than two axes
 * Source: torch.nn.init._calculate_fan_in_and_fan_out
 */
export function fanIn(shape: Shape): number {
  if (shape.length >= 2) return shape.slice(1).reduce((product, length) => product * length, 1);
  throw new ShapeError("fanIn", `got the shape ${formatShape(shape)}; expected a weight, [out, in, …]`);
}

/**
 * Uniform numbers in ±√(6 / ((1 + a²) · fanIn)) with a the negative slope: what keeps the size of activations the same
 * from layer to layer.
 *
 * Defaults: negativeSlope 0, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 15; torch.nn.init.kaiming_uniform_
 */
export function kaimingUniform(shape: Shape, { negativeSlope = 0, ...options }: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(6 / ((1 + negativeSlope ** 2) * fanIn(shape)));
  return uniform(shape, { low: -bound, high: bound, ...options });
}

/**
 * Uniform numbers in ±1/√fanIn: what Linear and Conv2d begin with, weight and bias alike. For a weight it is PyTorch's
 * `kaiming_uniform_(a=√5)`.
 */
export function fanInUniform(shape: Shape, fan: number, options: FloatOptions = {}): Tensor {
  const bound = 1 / Math.sqrt(fan);
  return uniform(shape, { low: -bound, high: bound, ...options });
}
