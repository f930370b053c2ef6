import type { CheckKernel } from "@stargrad/compiler";
import { contiguous } from "@stargrad/compiler";
import { i32, i32x4, v128 } from "../machine/expression.js";
import type { KernelContext } from "../kernel-context.js";
import { Walk, type WalkedOperand } from "./walk.js";

/**
 * Checks every number once, vector by vector. If one is out of range, a second loop searches for the first of them in row-major
 * order. Every share checks all numbers, so that all threads end alike. Elements that a layout repeats are checked once.
 */
export function writeCheck(kernel: CheckKernel, { body, machine, addressOf, fail }: KernelContext): void {
  const { shape, operand, faulty } = kernel;
  const numbers: WalkedOperand = {
    base: addressOf(operand.buffer, operand.layout.offset),
    layout: operand.layout,
    bytes: 4,
  };
  // The comparison is unsigned: a number below `faulty.from` wraps around and becomes larger than the span.
  const span = i32.sub(i32.const(faulty.to), i32.const(faulty.from));
  const lanes = machine.vectorBytes / 4;
  const found = body.local("v128");
  found.set(v128.zero());

  const all = new Walk(body, shape, [numbers]);
  const [{ pointer, strides }] = all.cursors;
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
    // The position is a second operand of the walk, with 1 byte per element.
    const position: WalkedOperand = { base: i32.const(0), layout: contiguous(shape), bytes: 1 };
    const search = new Walk(body, shape, [numbers, position]);
    const [value, current] = search.cursors;
    const digits = value.strides.flatMap((stride, digit) => (stride === 0 ? [] : [digit]));
    search.nest(digits, () => {
      const number = i32.load(value.pointer);
      body.if(i32.lessEqualUnsigned(i32.sub(number, i32.const(faulty.from)), span), () => {
        fail(current.pointer, number);
      });
    });
  });
}
