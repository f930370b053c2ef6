import type { CheckKernel, IndexingKernel, Program } from "@stargrad/compiler";
import { indexError, primitives } from "@stargrad/graph";
import type { KernelContext } from "../kernel-context.js";
import type { KernelWriter } from "../kernels.js";
import { argsortScratchBytes, writeArgsort } from "./argsort.js";
import { writeCheck } from "./check.js";
import { writeCumulativeSum } from "./cumulative-sum.js";
import { writeGather } from "./gather.js";
import { writeRandomBits } from "./random-bits.js";
import { writeScatterAdd } from "./scatter-add.js";

/** Knows how kernels are written that are neither loops nor products. */
export function indexingWriter(kernel: IndexingKernel, program: Program): KernelWriter {
  const scratchBytes = kernel.kind === "argsort" ? argsortScratchBytes(kernel, program) : 0;
  const failure =
    kernel.kind === "check" ? (position: number, value: number) => failureOf(kernel, position, value) : null;
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
  return { scratchBytes, failure, write };
}

/** The error that the reference engine throws for a faulty number. */
function failureOf({ primitive, faulty }: CheckKernel, position: number, value: number): Error {
  if (primitive === "gather" || primitive === "scatterAdd") {
    return indexError(primitive, value, position, faulty.from);
  }
  const [one, operand, output] = [1, value, 0].map((number) => ({
    shape: [1],
    dtype: "int32" as const,
    data: Int32Array.of(number),
  }));
  try {
    primitives[primitive].reference([one, operand], {}, output);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${primitive} accepts ${value}, which was found to be faulty`);
}
