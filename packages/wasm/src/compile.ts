import {
  roundUp,
  bufferName,
  failureOf,
  formOf,
  inPlaceOutputs,
  buffersOf,
  planMemory,
  workOf,
  type CopyKernel,
  type Kernel,
  type MemoryPlan,
  type Program,
  type ScanKernel,
  type SimpleKernel,
} from "@stargrad/compiler";
import { bytesPerElement, type DType } from "@stargrad/graph";
import type { KernelCode, KernelModule, KernelStore, KernelVariant } from "./kernel-store.js";
import { expectAddressable, type LargestBuffer } from "./out-of-memory.js";
import { command, flags, header, ImageWriter, partBytes } from "./program-image.js";
import { wasmTarget } from "./target.js";
import { accessesOf, Hazards } from "./threads/hazards.js";

const none: ReadonlySet<number> = new Set();

/** An input or output of a program. */
export interface OutsideBuffer {
  readonly dtype: DType;
  readonly size: number;
  /** The offset in bytes of the word of the image that holds its address. */
  readonly slot: number;
}

/** A compiled program, ready to be copied to memory and run. */
export interface CompiledProgram {
  readonly inputs: readonly OutsideBuffer[];
  readonly outputs: readonly OutsideBuffer[];
  /** The number of words that hold addresses of inputs and outputs. A buffer that is both has one word. */
  readonly outside: number;
  /** The bytes of its frame. */
  readonly frameBytes: number;
  /** The data that must be in memory while it runs: see `program-image.ts`. */
  readonly image: Int32Array;
  /** The modules that contain the code it calls. */
  readonly modules: ReadonlySet<KernelModule>;
  /** The error of each kernel that can fail, for a position and an index. */
  readonly failures: readonly ((position: number, index: number) => Error)[];
  /** The indices of the outputs that are written only after the last kernel that can fail. */
  readonly safeOutputs: ReadonlySet<number>;
  /** For each output, the indices of the inputs that it may overwrite while the program runs. */
  readonly inPlace: readonly ReadonlySet<number>[];
  /** Whether it has enough work for several threads. */
  readonly parallel: boolean;
  /** The largest buffer, for error messages. */
  readonly largest: LargestBuffer;
}

export interface CompileOptions {
  readonly kernels: KernelStore;
  /** The number of threads on which it may run. */
  readonly threads: number;
  /** The requested number of threads. If threads are not available, starting a parallel program prints a warning. */
  readonly wantedThreads: number;
  /** The number of operations from which a program runs on several threads. */
  readonly leastWork: number;
}

/**
 * Compiles a program: its kernels to code that is shared with other programs, and the program itself to an image, which is a
 * list of commands that call this code.
 *
 * The frame of a program holds its internal buffers, followed by the scratch memory of each thread. Inputs and outputs may be
 * anywhere. All threads execute the same commands. Each does its share of the large kernels, and the first thread does the small
 * ones. They wait at a barrier where one thread needs data that another has written.
 */
export function compile(program: Program, options: CompileOptions): CompiledProgram {
  return new Compilation(program, options).finish();
}

class Compilation {
  readonly #program: Program;
  readonly #options: CompileOptions;
  readonly #largest: LargestBuffer;
  readonly #plan: MemoryPlan;
  readonly #inPlace: ReadonlyMap<number, ReadonlySet<number>>;
  readonly #image: ImageWriter;
  readonly #failures: CompiledProgram["failures"][number][] = [];
  /** The kernels of the program and of its scans, with their code, in the order of the commands. */
  readonly #kernels: { readonly variant: KernelVariant; readonly code: KernelCode }[];
  readonly #modules: ReadonlySet<KernelModule>;
  readonly #views: readonly number[];
  #next = 0;

  constructor(program: Program, options: CompileOptions) {
    this.#program = program;
    this.#options = options;
    // Before the code is written, which may contain tables as large as a buffer.
    this.#largest = largestOf(program);
    expectAddressable(this.#largest);
    this.#plan = planMemory(program, wasmTarget);
    this.#inPlace = inPlaceOutputs(program);
    const variants = kernelsOf(program.kernels).map((kernel) => ({
      formed: formOf(kernel, program.buffers),
      shared: this.#isShared(kernel),
    }));
    const { codes, modules } = options.kernels.codesOf(variants);
    this.#kernels = variants.map((variant, i) => ({ variant, code: codes[i] }));
    this.#modules = modules;
    this.#views = scansOf(program.kernels).flatMap(({ views }) => views.map(({ buffer }) => buffer));
    this.#image = new ImageWriter([...new Set([...program.inputs, ...program.outputs]), ...this.#views]);
  }

  finish(): CompiledProgram {
    const { threads, wantedThreads, leastWork } = this.#options;
    const program = this.#program;
    const image = this.#image;
    const commands = image.bytes;
    this.#write(program.kernels);
    const { alignmentBytes } = wasmTarget.memory;
    const scratchBytes = roundUp(
      this.#kernels.reduce((most, { code }) => Math.max(most, code.scratchBytes), 0),
      alignmentBytes,
    );
    // Scans change the words of their views, so each of several threads has a copy of the words.
    const copiedBytes = threads > 1 && this.#views.length > 0 ? roundUp(commands, alignmentBytes) : 0;
    image.set(header.commands, commands);
    image.set(header.end, image.bytes);
    image.set(header.rooms, this.#plan.bytes);
    image.set(header.roomBytes, scratchBytes + copiedBytes);
    image.set(header.copiedBytes, copiedBytes);
    return {
      inputs: program.inputs.map((buffer) => this.#outside(buffer)),
      outputs: program.outputs.map((buffer) => this.#outside(buffer)),
      outside: new Set([...program.inputs, ...program.outputs]).size,
      frameBytes: this.#plan.bytes + threads * (scratchBytes + copiedBytes),
      image: image.finish(),
      modules: this.#modules,
      failures: this.#failures,
      ...this.#overwrittenInputs(),
      parallel: wantedThreads > 1 && totalWork(program) >= leastWork,
      largest: this.#largest,
    };
  }

  #write(kernels: readonly Kernel[]): void {
    const hazards = new Hazards();
    for (const kernel of kernels) {
      const shared = this.#isShared(kernel);
      const what = (this.#meets(kernel, shared, hazards) ? flags.meet : 0) | (shared ? flags.shared : 0);
      if (kernel.kind === "scan") this.#writeScan(kernel, what);
      else if (kernel.kind === "copy") this.#writeCopies(kernel, what);
      else this.#writeKernel(kernel, what);
    }
  }

  /** Whether threads must wait at the barrier before a kernel, given their accesses since the last barrier. */
  #meets(kernel: Kernel, shared: boolean, hazards: Hazards): boolean {
    if (this.#options.threads === 1) return false;
    const accesses = accessesOf(kernel, this.#program, this.#plan.addresses, this.#inPlace, shared);
    const meets = hazards.meets(accesses);
    if (meets) hazards.clear();
    hazards.add(accesses);
    return meets;
  }

  #writeKernel(kernel: SimpleKernel, what: number): void {
    const image = this.#image;
    const { variant, code } = this.#kernels[this.#next++];
    const { operands } = variant.formed;
    if (kernel.kind === "check") this.#failures.push((position, index) => failureOf(kernel, position, index));
    const failure = kernel.kind === "check" ? this.#failures.length : 0;
    image.write(what | (failure << 8), command.operands + 8 * operands.length, code.place);
    for (const { buffer, offset } of operands) {
      const { word, address } = this.#addressOf(buffer);
      image.write(word, address + offset * bytesPerElement(this.#program.buffers[buffer].dtype));
    }
  }

  #writeCopies({ parts }: CopyKernel, what: number): void {
    const image = this.#image;
    const { buffers } = this.#program;
    image.write(what | flags.copy, command.parts + partBytes * parts.length, parts.length);
    for (const { from, fromPosition, to, toPosition, size } of parts) {
      const bytes = bytesPerElement(buffers[from].dtype);
      const [source, target] = [this.#addressOf(from), this.#addressOf(to)];
      const start = source.address + fromPosition * bytes;
      image.write(source.word, start, target.word, target.address + toPosition * bytes, size * bytes);
    }
  }

  #writeScan({ length, views, kernels }: ScanKernel, what: number): void {
    const image = this.#image;
    const start = image.bytes;
    image.write(what | flags.loop, 0, length, views.length);
    for (const { buffer, source, offset, stride, alternates } of views) {
      const bytes = bytesPerElement(this.#program.buffers[buffer].dtype);
      const { word, address } = this.#addressOf(source);
      image.write(this.#slot(buffer), word, address + offset * bytes, stride * bytes, alternates ? 1 : -1);
    }
    this.#write(kernels);
    image.set(start + command.bytes, image.bytes - start);
  }

  /** The address of a buffer: an offset from the address in a word. */
  #addressOf(buffer: number): { readonly word: number; readonly address: number } {
    const slot = this.#image.slots.get(buffer);
    if (slot !== undefined) return { word: slot, address: 0 };
    return { word: header.frame, address: this.#plan.addresses[buffer] ?? 0 };
  }

  #slot(buffer: number): number {
    const slot = this.#image.slots.get(buffer);
    if (slot === undefined)
      throw new Error(`compile got no word for the address of buffer ${buffer}, which is not in the frame`);
    return slot;
  }

  #outside(buffer: number): OutsideBuffer {
    const { dtype, size } = this.#program.buffers[buffer];
    return { dtype, size, slot: this.#slot(buffer) };
  }

  /** Whether all threads take part in a kernel. They do if it can fail, so that all end alike. The first thread copies small parts. */
  #isShared(kernel: Kernel): boolean {
    const { threads, leastWork } = this.#options;
    if (threads === 1) return false;
    if (kernel.kind === "scan") return kernel.kernels.some((inner) => this.#isShared(inner));
    if (kernel.kind === "copy") return false;
    return canFail(kernel) || workOf(kernel, this.#program, wasmTarget) >= leastWork / 10;
  }

  #overwrittenInputs(): Pick<CompiledProgram, "safeOutputs" | "inPlace"> {
    const { kernels, inputs, outputs } = this.#program;
    const last = kernels.findLastIndex(canFail);
    const unsafe = new Set(kernels.slice(0, last + 1).flatMap((kernel) => buffersOf(kernel).writes));
    const indices = new Map<number, number>();
    for (let i = 0; i < inputs.length; i++) indices.set(inputs[i], i);
    const safeOutputs = new Set<number>();
    for (let i = 0; i < outputs.length; i++) if (!unsafe.has(outputs[i])) safeOutputs.add(i);
    const inPlace = outputs.map((output) => {
      const buffers = this.#inPlace.get(output);
      if (buffers === undefined) return none;
      const inputsOf = new Set<number>();
      for (const buffer of buffers) {
        const index = indices.get(buffer);
        if (index !== undefined) inputsOf.add(index);
      }
      return inputsOf;
    });
    return { safeOutputs, inPlace };
  }
}

function kernelsOf(kernels: readonly Kernel[]): SimpleKernel[] {
  return kernels.flatMap((kernel) => {
    if (kernel.kind === "copy") return [];
    return kernel.kind === "scan" ? kernelsOf(kernel.kernels) : [kernel];
  });
}

function scansOf(kernels: readonly Kernel[]): ScanKernel[] {
  return kernels.flatMap((kernel) => (kernel.kind === "scan" ? [kernel, ...scansOf(kernel.kernels)] : []));
}

function totalWork(program: Program): number {
  return program.kernels.reduce((sum, kernel) => sum + workOf(kernel, program, wasmTarget), 0);
}

function canFail(kernel: Kernel): boolean {
  return kernel.kind === "check" || (kernel.kind === "scan" && kernel.kernels.some(canFail));
}

function largestOf({ buffers }: Program): LargestBuffer {
  const bytes = buffers.map(({ dtype, size }) => size * bytesPerElement(dtype));
  const index = bytes.reduce((largest, each, i) => (each > (bytes[largest] ?? 0) ? i : largest), 0);
  const largest = buffers.at(index);
  if (largest === undefined) return { name: "nothing", bytes: 0 };
  return { name: bufferName(largest), bytes: bytes[index] };
}
