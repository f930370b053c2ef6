import { contiguous, type GatherKernel } from "@stargrad/compiler";
import { bytesPerElement } from "@stargrad/graph";
import { i32 } from "../machine/expression.js";
import type { KernelContext } from "../kernel-context.js";
import { copyElement, copyElements, lanesOf } from "./elements.js";
import { Walk } from "./walk.js";

/**
 * Copies the elements that the indices select. An index is loaded once for all inner digits along which it is constant. The elements
 * of those digits are copied as one run, so that a row of an embedding is copied at memory bandwidth.
 */
export function writeGather(
  kernel: GatherKernel,
  { body, machine, program, addressOf, share }: KernelContext,
): void {
  const { shape, index, x, step, buffer } = kernel;
  const { dtype } = program.buffers[buffer];
  const bytes = bytesPerElement(dtype);
  const walk = new Walk(body, shape, [
    { base: addressOf(buffer, 0), layout: contiguous(shape), bytes },
    { base: addressOf(x.buffer, x.layout.offset), layout: x.layout, bytes },
    { base: addressOf(index.buffer, index.layout.offset), layout: index.layout, bytes: 4 },
  ]);
  const [to, from, indices] = walk.cursors;
  const digits = walk.digits.map((_, digit) => digit);
  const inner = indices.strides.findLastIndex((stride) => stride !== 0) + 1;
  const distance = i32.mul(i32.load(indices.pointer), i32.const(step * bytes));
  const run = inner < digits.length ? digits.length - 1 : null;

  walk.divide(share, digits, run, () => {
    walk.nest(digits.slice(0, inner), () => {
      if (run === null) {
        copyElement(body, dtype, to.pointer, i32.add(from.pointer, distance));
        return;
      }
      const moved = body.keep(distance);
      from.pointer.set(i32.add(from.pointer, moved));
      walk.nest(digits.slice(inner, run), () => {
        const neighbours = to.strides[run] === bytes && from.strides[run] === bytes;
        walk.inSteps(
          run,
          neighbours ? [4 * lanesOf(dtype, machine), lanesOf(dtype, machine), 1] : [1],
          (count) => {
            copyElements(body, dtype, to.pointer, from.pointer, count, machine);
          },
        );
      });
      from.pointer.set(i32.sub(from.pointer, moved));
    });
  });
}
