import { inPlaceOutputs, buffersOf, planMemory, workOf, type Program } from "@stargrad/compiler";
import { i32, type Expression } from "./assembler/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "./assembler/function-builder.js";
import { ModuleBuilder, type MemoryImport } from "./assembler/module-builder.js";
import { Constants, failureAt } from "./constants.js";
import type { KernelContext } from "./kernel-context.js";
import { KernelLibrary, type KernelWriter } from "./kernels.js";
import { MathLibrary } from "./math/math-library.js";
import { emitBarrier } from "./threads/barrier.js";
import { accessesOf, Hazards } from "./threads/hazards.js";
import type { VectorFeatures } from "./vector-features.js";

/** A program as WebAssembly. */
export interface CompiledProgram {
  readonly program: Program;
  /** The module, which exports a function `run`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How much room it works in. */
  readonly frameBytes: number;
  /** What has to stand in memory while it runs: room for a failure and for addresses, and tables. */
  readonly constants: Int32Array;
  /** Which of those words is the address of an input or output. */
  readonly slots: ReadonlyMap<number, number>;
  /** The error of a kernel, by its number, for a position and an index. */
  readonly failures: readonly KernelWriter["failure"][];
  /** The outputs that are written when nothing can fail any more. */
  readonly safeOutputs: ReadonlySet<number>;
  /** The inputs that each output may be written over. */
  readonly inPlace: ReadonlyMap<number, ReadonlySet<number>>;
  /** Whether it is worth waking several threads for. */
  readonly parallel: boolean;
}

export interface CompileOptions {
  readonly memory: MemoryImport;
  readonly vectors: VectorFeatures;
  /** With how many threads it may run. */
  readonly threads: number;
  /** From how many operations on it is worth waking them. */
  readonly leastWork: number;
}

const alignment = 64;

/**
 * Emits the WebAssembly of a program: one function that computes all of it, and those that it calls.
 *
 * What a program needs only inside lies in its frame: its buffers, then room for each thread to work in. Inputs and outputs
 * lie anywhere; their addresses are read where it begins. Every thread runs the same function: it does its share
 * of the large kernels, the first thread does the small ones, and they meet where one needs what another has written.
 */
export function compile(
  program: Program,
  { memory, vectors, threads, leastWork }: CompileOptions,
): CompiledProgram {
  const module = new ModuleBuilder(memory);
  const library = new KernelLibrary(module, vectors);
  const writers = program.kernels.map((kernel) => library.writerFor(kernel, program));
  const scratchBytes = align(Math.max(0, ...writers.map((writer) => writer.scratchBytes)));
  const plan = planMemory(program);
  const inPlace = inPlaceOutputs(program);
  const constants = new Constants([...new Set([...program.inputs, ...program.outputs])]);
  const math = new MathLibrary(module, vectors);
  const barrier = threads > 1 ? emitBarrier(module) : null;

  module.function(
    { parameters: ["i32", "i32", "i32", "i32"], result: "i32" },
    (body, frame, constantsAt, thread, count) => {
      const meet = (): void => {
        if (barrier !== null) meetOthers(body, barrier, count);
      };
      const contextOf = (kernel: number, shared: boolean): KernelContext => ({
        module,
        body,
        math,
        program,
        addressOf(buffer) {
          const slot = constants.slots.get(buffer);
          if (slot !== undefined) return body.hoist(i32.load(constantsAt, slot * 4));
          return i32.add(frame, i32.const(plan.addresses[buffer] ?? 0));
        },
        tableOf: (numbers) => i32.add(constantsAt, i32.const(constants.add(numbers))),
        scratch: body.hoist(
          i32.add(i32.add(frame, i32.const(plan.bytes)), i32.mul(thread, i32.const(scratchBytes))),
        ),
        share: shared ? { index: thread, count } : null,
        fail(position, index) {
          body.store(constantsAt, position, failureAt.position);
          body.store(constantsAt, index, failureAt.index);
          // Until all have seen it, nothing they look at may change.
          meet();
          body.return(i32.const(kernel + 1));
        },
      });
      const hazards = new Hazards();
      for (const [i, kernel] of program.kernels.entries()) {
        const { failure, write } = writers[i];
        // What can fail is for all threads, so that all come to the same end.
        const shared = barrier !== null && (failure !== null || workOf(kernel, program) >= leastWork / 10);
        const accesses = accessesOf(kernel, program, plan.addresses, inPlace, shared);
        if (hazards.meets(accesses)) {
          meet();
          hazards.clear();
        }
        hazards.add(accesses);
        if (shared || barrier === null) {
          write(contextOf(i, shared));
        } else {
          body.if(i32.eqz(thread), () => {
            write(contextOf(i, false));
          });
        }
      }
      meet();
      body.return(i32.const(0));
    },
    "run",
  );
  const work = program.kernels.reduce((sum, kernel) => sum + workOf(kernel, program), 0);
  return {
    program,
    bytes: module.finish(),
    frameBytes: plan.bytes + threads * scratchBytes,
    constants: constants.finish(),
    slots: constants.slots,
    failures: writers.map(({ failure }) => failure),
    safeOutputs: safeOutputs(program, writers),
    inPlace,
    parallel: work >= leastWork,
  };
}

function meetOthers(body: FunctionBuilder, barrier: FunctionReference<null>, count: Local<"i32">): void {
  const several: Expression<"i32"> = i32.ne(count, i32.const(1));
  body.if(several, () => {
    body.call(barrier, count);
  });
}

/** The outputs that no kernel writes before the last one that can fail. */
function safeOutputs(program: Program, writers: readonly KernelWriter[]): Set<number> {
  const last = writers.findLastIndex(({ failure }) => failure !== null);
  const unsafe = new Set(program.kernels.slice(0, last + 1).flatMap((kernel) => buffersOf(kernel).writes));
  return new Set(program.outputs.filter((output) => !unsafe.has(output)));
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
