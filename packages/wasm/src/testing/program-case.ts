import { KernelLibrary, i32, type KernelSite } from "@stargrad/codegen";
import {
  roundUp,
  describeGraph,
  failureOf,
  fuse,
  lower,
  type Kernel,
  type Program,
} from "@stargrad/compiler";
import { WasmModuleBuilder } from "../assembler/module-builder.js";
import { roundedVectors } from "../vector-features.js";
import { bytesPerElement, elementsOf, type DType, type Node, type TypedArray } from "@stargrad/graph";
import { pageBytes } from "../heap.js";
import { wasmTarget } from "../target.js";

type KernelFunction = (index: number, count: number) => number;

const mostPages = 16384;
const alignment = 16;
/** The number of bytes on both sides of a buffer that no kernel may write. */
const guardBytes = 64;
const guard = 0xa5;

/** A program with a separate memory, for tests and measurements. Its kernels can be run in shares, one after the other. */
export class ProgramCase {
  readonly program: Program;
  readonly #memory: WebAssembly.Memory;
  readonly #addresses: readonly number[];
  readonly #failure: number;
  readonly #kernels: readonly { readonly kernel: Kernel; readonly call: KernelFunction }[];

  /** `divided`: kernels are written for any number of shares. */
  constructor(outputs: readonly Node[], { divided }: { readonly divided: boolean }) {
    const program = fuse(lower(outputs, wasmTarget), wasmTarget);
    const module = new WasmModuleBuilder({ minimum: 0, maximum: mostPages, shared: false });
    const library = new KernelLibrary(module, roundedVectors, wasmTarget);
    const writers = program.kernels.map((kernel) => {
      if (kernel.kind === "scan" || kernel.kind === "copy")
        throw new Error(`ProgramCase got a ${kernel.kind} kernel; expected kernels with code of their own`);
      return library.writerFor(kernel, program);
    });

    let end = guardBytes;
    const allocate = (bytes: number): number => {
      const address = end;
      end = roundUp(address + bytes, alignment) + guardBytes;
      return address;
    };
    this.program = program;
    this.#addresses = program.buffers.map(({ size, dtype }) => allocate(size * bytesPerElement(dtype)));
    this.#failure = allocate(8);
    const scratch = allocate(Math.max(0, ...writers.map(({ scratchBytes }) => scratchBytes)));
    const tables = new Map<number, Int32Array>();
    writers.forEach((writer, i) => {
      module.function(
        { parameters: ["i32", "i32"], result: "i32" },
        (body, index, count) => {
          const site: KernelSite = {
            body,
            program,
            addressOf: (buffer, element) =>
              i32.const(this.#addresses[buffer] + element * bytesPerElement(program.buffers[buffer].dtype)),
            tableOf(numbers) {
              const address = allocate(numbers.byteLength);
              tables.set(address, numbers);
              return i32.const(address);
            },
            scratch: i32.const(scratch),
            share: divided ? { index, count } : null,
            fail: (position, value) => {
              body.store(i32.const(this.#failure), position);
              body.store(i32.const(this.#failure), value, 4);
              body.return(i32.const(1));
            },
          };
          writer.write(site);
          body.return(i32.const(0));
        },
        `kernel${i}`,
      );
    });

    const initial = Math.ceil((end + guardBytes) / pageBytes);
    this.#memory = new WebAssembly.Memory({ initial, maximum: mostPages });
    new Uint8Array(this.#memory.buffer).fill(guard);
    for (const [address, numbers] of tables) this.#view("int32", address, numbers.length).set(numbers);
    const { leaves } = describeGraph(outputs);
    program.inputs.forEach((buffer, i) => {
      this.elements(buffer).set(elementsOf(leaves[i]).readSync());
    });
    const compiled = new WebAssembly.Module(module.finish());
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } });
    const functions = exports as Record<string, KernelFunction>;
    this.#kernels = program.kernels.map((kernel, i) => ({ kernel, call: functions[`kernel${i}`] }));
  }

  /** Runs every kernel, its last share first, because no share may depend on another. Throws the error that a kernel reports. */
  run(shares = 1): void {
    for (const { kernel, call } of this.#kernels) {
      const ends = Array.from({ length: shares }, (_, i) => call(shares - 1 - i, shares));
      if (new Set(ends).size > 1)
        throw new Error("some shares of a kernel failed and others did not; expected all to end alike");
      if (ends[0] === 0) continue;
      const [position, value] = this.#view("int32", this.#failure, 2);
      if (kernel.kind !== "check")
        throw new Error(`a kernel of kind ${kernel.kind} failed; only checks can fail`);
      throw failureOf(kernel, position, value);
    }
  }

  /** Overwrites everything but the inputs, so that a run cannot use data of the previous run. */
  forget(): void {
    this.program.buffers.forEach((_, buffer) => {
      if (!this.program.inputs.includes(buffer)) this.elements(buffer).fill(guard);
    });
  }

  /** The elements of each output. */
  results(): TypedArray[] {
    return this.program.outputs.map((buffer) => this.elements(buffer).slice());
  }

  /** The elements of a buffer, in memory order. */
  elements(buffer: number): TypedArray {
    const { dtype, size } = this.program.buffers[buffer];
    return this.#view(dtype, this.#addresses[buffer], size);
  }

  /** The contents of the buffers beside which a kernel has written. A kernel may write up to the next multiple of the alignment. */
  overrun(): string[] {
    const isTouched = (address: number): boolean =>
      new Uint8Array(this.#memory.buffer, address, guardBytes).some((byte) => byte !== guard);
    return this.program.buffers.flatMap(({ size, dtype, contents }, buffer) => {
      const start = this.#addresses[buffer];
      const end = roundUp(start + size * bytesPerElement(dtype), alignment);
      return isTouched(start - guardBytes) || isTouched(end) ? [contents] : [];
    });
  }

  #view(dtype: DType, address: number, size: number): TypedArray {
    return new arrays[dtype](this.#memory.buffer, address, size);
  }
}

const arrays: Readonly<
  Record<DType, new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray>
> = { bool: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };
