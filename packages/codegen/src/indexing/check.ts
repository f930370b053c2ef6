import type { CheckKernel } from "@stargrad/compiler";
import { contiguous } from "@stargrad/compiler";
import { i32, i32x4, v128 } from "../machine/expression.js";
import type { KernelContext } from "../kernel-context.js";
import { Walk, type Term } from "./walk.js";

/**
 * Looks at every number once, vector by vector, and if one is faulty, for the first in row-major order. Every share looks at all, so
 * that all come to the same end; what a layout repeats is looked at once.
 */
export function writeCheck(kernel: CheckKernel, { body, machine, addressOf, fail }: KernelContext): void {
  const { shape, operand, faulty } = kernel;
  const numbers: Term = {
    base: addressOf(operand.buffer, operand.layout.offset),
    layout: operand.layout,
    bytes: 4,
  };
  // Unsigned, so that numbers below the first faulty one are far above it.
  const span = i32.sub(i32.const(faulty.to), i32.const(faulty.from));
  const lanes = machine.vectorBytes / 4;
  const found = body.local("v128");
  found.set(v128.zero());

  const all = new Walk(body, shape, [numbers]);
  const [{ pointer, strides }] = all.walkers;
  const moving = strides.flatMap((stride, digit) => (stride === 0 ? [] : [digit]));
  const [from, most] = [i32x4.splat(i32.const(faulty.from)), i32x4.splat(span)].map((v) => body.keep(v));
  const look = (size: number): void => {
    const vector = size === lanes ? v128.load(pointer) : v128.load32Splat(pointer);
    found.set(v128.or(found, i32x4.lessEqualUnsigned(i32x4.sub(vector, from), most)));
  };
  const last = moving.at(-1);
  if (last === undefined) {
    look(1);
  } else {
    all.nest(moving.slice(0, -1), () => {
      all.inSteps(last, strides[last] === 4 ? [lanes, 1] : [1], look);
    });
  }

  body.if(v128.anyTrue(found), () => {
    // The position is walked like everything else.
    const position: Term = { base: i32.const(0), layout: contiguous(shape), bytes: 1 };
    const search = new Walk(body, shape, [numbers, position]);
    const [value, place] = search.walkers;
    const digits = value.strides.flatMap((stride, digit) => (stride === 0 ? [] : [digit]));
    search.nest(digits, () => {
      const number = i32.load(value.pointer);
      body.if(i32.lessEqualUnsigned(i32.sub(number, i32.const(faulty.from)), span), () => {
        fail(place.pointer, number);
      });
    });
  });
}
