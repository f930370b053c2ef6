/**
 * Where the words of the barrier stand, each in a cache line of its own: whether a thread will never come, how many have come,
 * how often all have come, and how many sleep.
 */
export const givenUp = 0;
const arrived = 64;
export const round = 128;
const asleep = 192;
/** What lies before this address belongs to the barrier. */
export const barrierEnd = 256;

/** How often a thread looks before it sleeps: some 100 microseconds, about what sleeping and being woken up costs all of them. */
const looks = 50_000;

/**
 * Writes a function that returns once so many threads have called it. What any of them wrote before, all see after it.
 * Kernels are short, so a thread looks out for the others for a while before it sleeps. If one of them has given up, it ends
 * with an error instead of waiting for ever.
 */
export function emitBarrier(module: WasmModuleBuilder): FunctionReference<null> {
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
          body.evaluate(atomicWait(i32.const(round), before));
          body.evaluate(atomicAdd(i32.const(asleep), i32.const(-1)));
        });
        expectAll();
      },
    );
  });
}

/** Has all who wait, or come later, end with an error: this thread will not come any more. */
export function giveUp({ buffer }: WebAssembly.Memory): void {
  const words = new Int32Array(buffer);
  Atomics.store(words, givenUp / 4, 1);
  Atomics.add(words, round / 4, 1);
  Atomics.notify(words, round / 4);
}
import { i32, type FunctionReference } from "@stargrad/codegen";
import { atomicAdd, atomicLoad, atomicNotify, atomicWait } from "../assembler/instructions.js";
import type { WasmModuleBuilder } from "../assembler/module-builder.js";
