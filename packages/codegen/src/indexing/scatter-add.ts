import type { ScatterAddKernel } from "@stargrad/compiler";
import { bytesPerElement, type DType } from "@stargrad/graph";
import { f32x4, f64x2, i32, i32x4, type Expression } from "../machine/expression.js";
import { piecesOf, type KernelContext } from "../kernel-context.js";
import { lanesOf, loadNumbers, storeNumbers } from "./elements.js";
import { Walk } from "./walk.js";

const addition: Readonly<
  Record<DType, (a: Expression<"v128">, b: Expression<"v128">) => Expression<"v128">>
> = { bool: i32x4.add, int32: i32x4.add, float32: f32x4.add, float64: f64x2.add };

/** With fewer pieces than this, the work of the threads would be too uneven. */
const fewPieces = 8;

/**
 * Adds each element to the target row that its index selects. Each target element receives its terms in the order of the reference
 * engine, for any number of shares. The shares divide the axes that are not indexed, where all target elements differ. If those axes
 * are too short, the shares divide the target rows: each share reads all indices and adds the elements that belong to its rows. For
 * single numbers, reading an index costs as much as adding an element, so the first share may do all the work.
 */
export function writeScatterAdd(kernel: ScatterAddKernel, context: KernelContext): void {
  const { shape, index, x, target, step, size } = kernel;
  const { body, machine, program, addressOf, share } = context;
  const { dtype } = program.buffers[target.buffer];
  const bytes = bytesPerElement(dtype);
  const width = lanesOf(dtype, machine);
  const walk = new Walk(body, shape, [
    { base: addressOf(target.buffer, target.layout.offset), layout: target.layout, bytes },
    { base: addressOf(x.buffer, x.layout.offset), layout: x.layout, bytes },
    { base: addressOf(index.buffer, index.layout.offset), layout: index.layout, bytes: 4 },
  ]);
  const [to, from, indices] = walk.cursors;
  const digits = walk.digits.map((_, digit) => digit);
  const free = digits.filter((digit) => to.strides[digit] !== 0);
  const inner = indices.strides.findLastIndex((stride) => stride !== 0) + 1;
  const run = inner < digits.length ? digits.length - 1 : null;

  const add = (count: number): void => {
    const lanes = Math.min(count, width);
    const repeated = run !== null && from.strides[run] === 0;
    for (let first = 0; first < count; first += lanes) {
      const addend = loadNumbers(dtype, from.pointer, repeated ? 1 : lanes, repeated ? 0 : first * bytes);
      const sum = addition[dtype](loadNumbers(dtype, to.pointer, lanes, first * bytes), addend);
      storeNumbers(body, dtype, to.pointer, sum, lanes, first * bytes);
    }
  };
  const addAll = (number: Expression<"i32">): void => {
    const moved = body.keep(i32.mul(number, i32.const(step * bytes)));
    to.pointer.set(i32.add(to.pointer, moved));
    if (run === null) {
      add(1);
    } else {
      const neighbours = to.strides[run] === bytes && [0, bytes].includes(from.strides[run]);
      walk.nest(digits.slice(inner, run), () => {
        walk.inSteps(run, neighbours ? [4 * width, width, 1] : [1], add);
      });
    }
    to.pointer.set(i32.sub(to.pointer, moved));
  };
  const indexed = digits.slice(0, inner);
  const pieces = Math.max(0, ...free.map((digit) => walk.pieces(digit, run)));
  if (share === null || run === null || pieces >= Math.min(size, fewPieces)) {
    walk.divide(share, free, run, () => {
      walk.nest(indexed, () => {
        addAll(i32.load(indices.pointer));
      });
    });
    return;
  }
  const { from: first, to: end } = piecesOf(body, share, size);
  const rows = body.keep(i32.sub(end, first));
  walk.nest(indexed, () => {
    const number = body.keep(i32.load(indices.pointer));
    body.if(i32.lessUnsigned(i32.sub(number, first), rows), () => {
      addAll(number);
    });
  });
}
