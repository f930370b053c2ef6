import { i32, type FunctionReference } from "@stargrad/codegen";
import { atomicAdd, atomicLoad, atomicNotify, atomicWait } from "../assembler/instructions.js";
import type { WasmModuleBuilder } from "../assembler/module-builder.js";

/**
 * The addresses of the words of the barrier, each in a separate cache line: whether a thread has failed and will not arrive, the
 * number of threads that have arrived, the number of completed rounds, and the number of sleeping threads.
 */
export const givenUp = 0;
const arrived = 64;
export const round = 128;
const asleep = 192;
/** The end of the barrier's memory, which starts at address 0. */
export const barrierEnd = 256;

/** The number of polls before a thread sleeps: about 100 microseconds, as much as sleeping and waking up costs all threads. */
const looks = 50_000;

/** How long a thread sleeps before it looks for lost threads, in nanoseconds. */
const patience = 100_000_000n;

/**
 * Writes a function that returns after `threads` threads have called it. All writes before the call are then visible to all of them.
 * Kernels are short, so a thread polls for a while before it sleeps. If a thread has given up, the function ends with an error
 * instead of waiting forever. A thread that sleeps for long calls `lookForLost`, which throws an error if a thread has ended.
 */
export function emitBarrier(
  module: WasmModuleBuilder,
  lookForLost: FunctionReference<null>,
): FunctionReference<null> {
  return module.function({ parameters: ["i32"], result: null }, (body, threads) => {
    const one = i32.const(1);
    const roundNow = atomicLoad(i32.const(round));
    const before = body.keep(roundNow);
    const expectAll = (): void => {
      body.if(atomicLoad(i32.const(givenUp)), () => {
        body.trap();
      });
    };
    expectAll();
    const isLast = i32.eq(i32.add(atomicAdd(i32.const(arrived), one), one), threads);
    body.if(
      isLast,
      () => {
        body.atomicStore(i32.const(arrived), i32.const(0));
        body.evaluate(atomicAdd(i32.const(round), one));
        body.if(atomicLoad(i32.const(asleep)), () => {
          body.evaluate(atomicNotify(i32.const(round), i32.const(-1)));
        });
      },
      () => {
        const left = body.keep(i32.const(looks));
        body.while(i32.and(i32.eq(roundNow, before), i32.ne(left, i32.const(0))), () => {
          left.set(i32.sub(left, one));
        });
        body.while(i32.eq(roundNow, before), () => {
          body.evaluate(atomicAdd(i32.const(asleep), one));
          const timedOut = body.keep(i32.eq(atomicWait(i32.const(round), before, patience), i32.const(2)));
          body.evaluate(atomicAdd(i32.const(asleep), i32.const(-1)));
          body.if(timedOut, () => {
            body.call(lookForLost);
          });
        });
        expectAll();
      },
    );
  });
}

/** Makes all threads that wait, or arrive later, end the program with an error, because a thread will not arrive. */
export function giveUp({ buffer }: WebAssembly.Memory): void {
  const words = new Int32Array(buffer);
  Atomics.store(words, givenUp / 4, 1);
  Atomics.add(words, round / 4, 1);
  Atomics.notify(words, round / 4);
}

/** Prepares the barrier for the next program, after all threads have left the one that was given up. */
export function resetBarrier({ buffer }: WebAssembly.Memory): void {
  const words = new Int32Array(buffer);
  for (const word of [givenUp, arrived, asleep]) Atomics.store(words, word / 4, 0);
}
