import { i32, v128 } from "../assembler/expression.js";
import { ModuleBuilder } from "../assembler/module-builder.js";
import type { FloatType } from "./lanes.js";
import { MathLibrary, type MathName } from "./math-library.js";

export interface LoopOptions {
  readonly relaxed: boolean;
  /** Written into the loop, or called from it. */
  readonly inlined: boolean;
}

/** One page: 64 KiB, two inputs of which are read where a function has two. */
export const loopMemory = { initial: 1, maximum: 1 };

/** How many bytes of each array the loop may treat. */
export const loopBytes = 16384;

/**
 * The bytes of a module that applies one function to an array, to test and to measure it: `apply(bytes)` reads from 0, and the second
 * input from `loopBytes` on, and writes to twice that.
 */
export function mathLoop(
  name: MathName,
  dtype: FloatType,
  { relaxed, inlined }: LoopOptions,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({
    minimum: loopMemory.initial,
    maximum: loopMemory.maximum,
    shared: false,
  });
  const library = new MathLibrary(module, { relaxed });
  module.function(
    { parameters: ["i32"], result: null },
    (body, bytes) => {
      body.for({ to: bytes, step: 16 }, (i) => {
        const inputs = [v128.load(i), v128.load(i, loopBytes)].slice(0, name === "pow" ? 2 : 1);
        const result = inlined
          ? library.inline(body, name, dtype, ...inputs)
          : library.call(name, dtype, ...inputs);
        body.store(i, result, 2 * loopBytes);
      });
    },
    "apply",
  );
  return module.finish();
}
