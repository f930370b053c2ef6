import {
  allocatedBytes,
  type FillKernel,
  type MapKernel,
  type Program,
  type RowsKernel,
  type Target,
} from "@stargrad/compiler";
import { bytesPerElement } from "@stargrad/graph";
import { i32, v128, type Expression } from "./machine/expression.js";
import type { Local } from "./machine/function-builder.js";
import { piecesOf, type KernelContext } from "./kernel-context.js";
import { groupFor } from "./loop-group.js";
import { LoopWriter } from "./loop-writer.js";
import { writeReduce } from "./reductions.js";
import { constant } from "./elementwise.js";
import { storeElement } from "./vectors.js";

/** Writes the loops of an elementwise kernel. */
export function writeMap(
  { shape, results }: MapKernel,
  { body, program, ...context }: KernelContext,
  block: Local<"i32"> | null = null,
): void {
  const expressions = results.map(({ expression }) => expression);
  const loop = new LoopWriter(
    { ...context, body, block },
    {
      shape,
      expressions,
      inAnyOrder: true,
      results: results.map(({ buffer, layout }) => ({
        dtype: program.buffers[buffer].dtype,
        buffer,
        layout,
      })),
    },
  );
  const { lengths } = loop.iteration;
  const outer = lengths.map((_, digit) => digit);
  const last = outer.pop();
  if (last === undefined) {
    loop.divide([], () => {
      const [one, values] = [{ ahead: 0, lanes: 1 }, loop.valuesAlong(null)];
      const computed = expressions.map((expression) => values.of(expression, one));
      computed.forEach((value, i) => {
        loop.store(i, null, one, value);
      });
    });
    return;
  }
  const group = groupFor(expressions);
  const divisible = [
    ...outer.map((digit) => ({ digit, pieces: lengths[digit] })),
    { digit: last, pieces: loop.groupsAlong(last, group) },
  ];
  loop.divide(divisible, () => {
    loop.nest(outer, () => {
      loop.walk(
        last,
        group,
        (steps, values) => {
          for (const step of steps) {
            // All results are computed before the first is stored, because a result may overwrite an operand.
            const computed = expressions.map((expression) => values.of(expression, step));
            computed.forEach((value, i) => {
              loop.store(i, last, step, value);
            });
          }
        },
        true,
      );
    });
  });
}

/**
 * Writes several kernels into one loop over blocks of rows. Intermediate results of a block are stored in the scratch memory
 * of the thread, where they stay in the L1 cache.
 */
export function writeRows(kernel: RowsKernel, context: KernelContext): void {
  const { body, program, scratch, share } = context;
  const offsets = new Map<number, number>();
  let end = 0;
  for (const buffer of kernel.locals) {
    offsets.set(buffer, end);
    end += bufferBytes(program, buffer, context.target);
  }
  const addressOf = (buffer: number, element: number): Expression<"i32"> => {
    const offset = offsets.get(buffer);
    if (offset === undefined) return context.addressOf(buffer, element);
    return i32.add(scratch, i32.const(offset + element * bytesPerElement(program.buffers[buffer].dtype)));
  };
  body.for(piecesOf(body, share, kernel.blocks), (block) => {
    for (const loop of kernel.loops) {
      const inside = { ...context, addressOf, share: null };
      if (loop.kind === "map") writeMap(loop, inside, block);
      else writeReduce(loop, inside, block);
    }
  });
}

/** The bytes of scratch memory that the blocks need in each thread. */
export function scratchBytesOf(
  { locals }: RowsKernel,
  program: Pick<Program, "buffers">,
  target: Target,
): number {
  return locals.reduce((total, buffer) => total + bufferBytes(program, buffer, target), 0);
}

/** The bytes that a buffer takes in the scratch memory. */
function bufferBytes({ buffers }: Pick<Program, "buffers">, buffer: number, { memory }: Target): number {
  const { size, dtype } = buffers[buffer];
  return allocatedBytes(size * bytesPerElement(dtype), memory);
}

/** Sets every element of a buffer. Writes nothing beyond its end, because the next slice of a stack may follow there. */
export function writeFill(
  { buffer, value }: FillKernel,
  { body, machine: { vectorBytes }, program, addressOf, share }: KernelContext,
): void {
  const { dtype, size } = program.buffers[buffer];
  if (size === 0) return;
  const pattern = dtype === "bool" ? v128.splatByte(Number(value !== 0)) : constant(dtype, value);
  const vector = body.keep(pattern);
  const bytes = size * bytesPerElement(dtype);
  // The loop counts vectors instead of comparing addresses, because addresses beyond 2 GiB are negative as signed numbers.
  const { from, to } = piecesOf(body, share, Math.floor(bytes / vectorBytes));
  const address = body.keep(
    i32.add(addressOf(buffer, 0), i32.shiftLeft(from, i32.const(Math.log2(vectorBytes)))),
  );
  body.for({ from, to }, () => {
    body.store(address, vector);
    address.set(i32.add(address, i32.const(vectorBytes)));
  });
  if (bytes % vectorBytes === 0) return;
  // The last share writes the remainder: its address is then at the end of the whole vectors.
  const isLast = share === null ? i32.const(1) : i32.eq(i32.add(share.index, i32.const(1)), share.count);
  body.if(isLast, () => {
    for (let at = 0; at < bytes % vectorBytes; at += bytesPerElement(dtype)) {
      storeElement(body, dtype, address, vector, { lane: 0, offset: at });
    }
  });
}
