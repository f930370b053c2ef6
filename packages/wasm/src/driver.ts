import { callResult, i32, type Expression, type FunctionReference } from "@stargrad/codegen";
import { WasmModuleBuilder } from "./assembler/module-builder.js";
import type { WasmFunctionBuilder } from "./assembler/function-builder.js";
import { callIndirect } from "./assembler/instructions.js";
import type { MemoryImport } from "./assembler/module-builder.js";
import { command, flags, header, part, partBytes, view, viewBytes } from "./program-image.js";
import { emitBarrier } from "./threads/barrier.js";

/**
 * The parameters of a kernel: the address of its operands in the image, the address of the words to which they refer, the scratch
 * memory of the thread, the thread's index, and the number of threads. It returns 0, or 1 if it failed.
 */
export const kernelSignature = { parameters: ["i32", "i32", "i32", "i32", "i32"], result: "i32" } as const;

/**
 * Writes the module that runs programs: `start(image, thread, threads)` executes the commands of an image and returns 0, or the
 * number of the error that ended it. All threads start the same image. They wait for each other at a barrier where one needs data
 * that another has written, and at the end.
 */
export function emitDriver(memory: MemoryImport, threads: number): Uint8Array<ArrayBuffer> {
  const module = new WasmModuleBuilder(memory);
  const barrier = threads > 1 ? emitBarrier(module, module.import("lookForLost")) : null;
  const run = emitRun(module, barrier);
  module.function(
    { parameters: ["i32", "i32", "i32"], result: "i32" },
    (body, image, thread, count) => {
      const scratch = body.keep(
        i32.add(
          i32.add(i32.load(image, header.frame), i32.load(image, header.rooms)),
          i32.mul(thread, i32.load(image, header.roomBytes)),
        ),
      );
      const words = body.keep(image);
      const copied = body.keep(i32.load(image, header.copiedBytes));
      body.if(copied, () => {
        // The copied words are at the end of the thread's memory, so that the scratch of kernels starts at its beginning.
        words.set(i32.sub(i32.add(scratch, i32.load(image, header.roomBytes)), copied));
        body.copy(words, image, copied);
      });
      const [from, to] = [header.commands, header.end].map((at) => i32.add(image, i32.load(image, at)));
      const failed = body.keep(callResult(run, from, to, words, scratch, thread, count));
      if (barrier !== null) {
        body.if(i32.and(i32.eqz(failed), i32.ne(count, i32.const(1))), () => {
          body.call(barrier, count);
        });
      }
      body.return(failed);
    },
    "start",
  );
  return module.finish();
}

/** Writes the function that executes the commands from one address to another. */
function emitRun(
  module: WasmModuleBuilder,
  barrier: FunctionReference<null> | null,
): FunctionReference<"i32"> {
  const kernel = module.indirect(kernelSignature);
  const self = module.next("i32");
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], result: "i32" },
    (body, from, to, words, scratch, thread, count) => {
      const meet = (condition: Expression<"i32">): void => {
        if (barrier === null) return;
        body.if(i32.and(condition, i32.ne(count, i32.const(1))), () => {
          body.call(barrier, count);
        });
      };
      const at = body.keep(from);
      const failed = body.local("i32");
      // The addresses are compared for equality, because addresses beyond 2 GiB are negative as signed numbers.
      body.while(i32.ne(at, to), () => {
        const what = body.keep(i32.load(at, command.flags));
        const isShared = i32.and(what, i32.const(flags.shared));
        meet(i32.and(what, i32.const(flags.meet)));
        body.if(i32.or(isShared, i32.eqz(thread)), () => {
          const next = body.keep(i32.add(at, i32.load(at, command.bytes)));
          body.if(
            i32.and(what, i32.const(flags.loop)),
            () => {
              // A kernel that the first thread runs alone gets a thread count of 1.
              const all = body.keep(i32.const(1));
              body.if(isShared, () => {
                all.set(count);
              });
              const views = body.keep(i32.load(at, command.views));
              const first = body.keep(
                i32.add(i32.add(at, i32.const(command.firstView)), i32.mul(views, i32.const(viewBytes))),
              );
              const iteration = body.keep(i32.const(0));
              const length = body.keep(i32.load(at, command.target));
              failed.set(i32.const(0));
              body.while(i32.and(i32.lessSigned(iteration, length), i32.eqz(failed)), () => {
                moveViews(body, { at, views, words, iteration });
                failed.set(callResult(self, first, next, words, scratch, thread, all));
                if (barrier !== null) {
                  body.if(i32.and(i32.eqz(failed), i32.ne(all, i32.const(1))), () => {
                    body.call(barrier, all);
                  });
                }
                iteration.set(i32.add(iteration, i32.const(1)));
              });
              body.if(failed, () => {
                body.return(failed);
              });
            },
            () => {
              body.if(
                i32.and(what, i32.const(flags.copy)),
                () => {
                  copyParts(body, at, words);
                },
                () => {
                  const index = i32.load(at, command.target);
                  const operands = i32.add(at, i32.const(command.operands));
                  body.if(callIndirect(kernel, index, operands, words, scratch, thread, count), () => {
                    // All threads must have seen the failure before the memory they read changes.
                    meet(i32.const(1));
                    body.return(i32.shiftRightUnsigned(what, i32.const(8)));
                  });
                },
              );
            },
          );
        });
        at.set(i32.add(at, i32.load(at, command.bytes)));
      });
      body.return(i32.const(0));
    },
  );
}

/** Copies the parts of a command, one after another. */
function copyParts(body: WasmFunctionBuilder, at: Expression<"i32">, words: Expression<"i32">): void {
  const each = body.keep(i32.add(at, i32.const(command.parts)));
  const addressIn = (word: number, offset: number): Expression<"i32"> =>
    i32.add(i32.load(i32.add(words, i32.load(each, word))), i32.load(each, offset));
  body.for({ to: i32.load(at, command.target) }, () => {
    body.copy(
      addressIn(part.to, part.toOffset),
      addressIn(part.from, part.fromOffset),
      i32.load(each, part.bytes),
    );
    each.set(i32.add(each, i32.const(partBytes)));
  });
}

/** Sets the address of every view of a loop for an iteration. */
function moveViews(
  body: WasmFunctionBuilder,
  {
    at,
    views,
    words,
    iteration,
  }: Readonly<Record<"at" | "views" | "words" | "iteration", Expression<"i32">>>,
): void {
  const each = body.keep(i32.add(at, i32.const(command.firstView)));
  body.for({ to: views }, () => {
    const base = i32.load(i32.add(words, i32.load(each, view.from)));
    const turn = i32.and(iteration, i32.load(each, view.mask));
    const moved = i32.add(
      i32.add(base, i32.load(each, view.offset)),
      i32.mul(turn, i32.load(each, view.stride)),
    );
    body.store(i32.add(words, i32.load(each, view.to)), moved);
    each.set(i32.add(each, i32.const(viewBytes)));
  });
}
