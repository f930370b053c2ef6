import { contiguous, type CumulativeSumKernel } from "@stargrad/compiler";
import { bytesPerElement, type DType } from "@stargrad/graph";
import { f32x4, f64x2, i32, i32x4, v128, type Expression } from "../machine/expression.js";
import type { FunctionBuilder } from "../machine/function-builder.js";
import type { KernelContext } from "../kernel-context.js";
import { lanesOf, loadNumbers, storeNumbers } from "./elements.js";
import { Walk } from "./walk.js";

/**
 * Computes several running totals at the same time, because each addition of one total waits for the previous addition. These are
 * vectors whose lanes belong to different totals, or single elements of several rows. Float32 is summed in float64, as in the
 * reference engine.
 */
export function writeCumulativeSum(kernel: CumulativeSumKernel, context: KernelContext): void {
  const { shape, axis, x, buffer } = kernel;
  const { body, machine, program, addressOf, share } = context;
  const { dtype } = program.buffers[buffer];
  const bytes = bytesPerElement(dtype);
  const width = lanesOf(dtype, machine);
  const terms = [
    { base: addressOf(buffer, 0), layout: contiguous(shape), bytes },
    { base: addressOf(x.buffer, x.layout.offset), layout: x.layout, bytes },
  ];
  const walk = new Walk(body, shape, terms, (other) => Number(other === axis));
  const [to, from] = walk.cursors;
  const digits = walk.digits.map((_, digit) => digit);
  const summed = digits.filter((digit) => walk.digits[digit].axis === axis);
  const lanes = digits.filter((digit) => walk.digits[digit].axis !== axis);
  const last = lanes.at(-1);
  const neighbours = last !== undefined && to.strides[last] === bytes && from.strides[last] === bytes;

  /** Sums along the axis, for `count` neighbours on the last digit. */
  const addUp = (count: number): void => {
    const wide = neighbours && count >= width;
    const step = wide ? width : 1;
    const totals = Array.from({ length: count / step }, () => runningTotal(body, dtype, step));
    walk.nest(summed, () => {
      totals.forEach((add, i) => {
        const [target, source] = [to, from].map(({ pointer, strides }) =>
          i32.add(pointer, i32.const(last === undefined ? 0 : i * step * strides[last])),
        );
        storeNumbers(body, dtype, target, add(loadNumbers(dtype, source, step)), step);
      });
    });
  };
  walk.divide(share, lanes, neighbours ? last : null, () => {
    if (last === undefined) {
      addUp(1);
      return;
    }
    walk.nest(lanes.slice(0, -1), () => {
      walk.inSteps(last, neighbours ? [4 * width, width, 1] : [4, 1], addUp);
    });
  });
}

/** A total that starts at 0. Each call adds a vector, or its first lanes, and returns the current total. */
function runningTotal(
  body: FunctionBuilder,
  dtype: DType,
  lanes: number,
): (x: Expression<"v128">) => Expression<"v128"> {
  const total = body.keep(v128.zero());
  if (dtype !== "float32") {
    const add = dtype === "float64" ? f64x2.add : i32x4.add;
    return (x) => {
      total.set(add(total, x));
      return total;
    };
  }
  if (lanes === 1) {
    return (x) => {
      total.set(f64x2.add(total, f64x2.promoteLowF32(x)));
      return f32x4.demoteF64Zero(total);
    };
  }
  const upper = body.keep(v128.zero());
  return (x) => {
    const vector = body.keep(x);
    total.set(f64x2.add(total, f64x2.promoteLowF32(vector)));
    upper.set(f64x2.add(upper, f64x2.promoteLowF32(v128.upperHalf(vector))));
    const [low, high] = [total, upper].map(f32x4.demoteF64Zero);
    return v128.lowerHalves(low, high);
  };
}
