import type { IndexingKernel, Program } from "@stargrad/compiler";
import type { KernelContext } from "../kernel-context.js";
import { argsortScratchBytes, writeArgsort } from "./argsort.js";
import { writeCheck } from "./check.js";
import { writeCumulativeSum } from "./cumulative-sum.js";
import { writeGather } from "./gather.js";
import { writeRandomBits } from "./random-bits.js";
import { writeScatterAdd } from "./scatter-add.js";

/** Returns the writer of a kernel that is neither a loop nor a product. */
export function indexingWriter(
  kernel: IndexingKernel,
  program: Pick<Program, "buffers">,
): { readonly scratchBytes: number; readonly write: (context: KernelContext) => void } {
  const scratchBytes = kernel.kind === "argsort" ? argsortScratchBytes(kernel, program) : 0;
  const write = (context: KernelContext): void => {
    switch (kernel.kind) {
      case "check":
        writeCheck(kernel, context);
        return;
      case "gather":
        writeGather(kernel, context);
        return;
      case "scatterAdd":
        writeScatterAdd(kernel, context);
        return;
      case "cumsum":
        writeCumulativeSum(kernel, context);
        return;
      case "argsort":
        writeArgsort(kernel, context);
        return;
      case "randomBits":
        writeRandomBits(kernel, context);
    }
  };
  return { scratchBytes, write };
}
