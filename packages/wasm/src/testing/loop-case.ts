import { KernelLibrary, i32, type Expression, type KernelSite } from "@stargrad/codegen";
import { allocatedBytes, describeGraph, type Program } from "@stargrad/compiler";
import { WasmModuleBuilder } from "../assembler/module-builder.js";
import { roundedVectors } from "../vector-features.js";
import { pageBytes } from "../heap.js";
import { wasmTarget } from "../target.js";
import { bytesPerElement, type DType, type Node, type TypedArray } from "@stargrad/graph";

/** The address of the first buffer, so that no buffer has the address 0. */
const start = 64;
/** The size of the scratch memory, and of the memory for scratch and tables together. */
const scratchBytes = 32 * pageBytes;
const scratchPages = 64;

/** A program of loops and products, compiled with a separate memory, for tests and measurements. */
export class LoopCase {
  readonly program: Program;
  readonly #memory: WebAssembly.Memory;
  readonly #addresses: readonly number[];
  readonly #kernels: readonly { readonly whole: () => void; readonly share: Share }[];

  constructor(program: Program) {
    const ends: number[] = [];
    for (const { size, dtype } of program.buffers) {
      const bytes = allocatedBytes(size * bytesPerElement(dtype), wasmTarget.memory);
      ends.push((ends.at(-1) ?? start) + bytes);
    }
    this.program = program;
    this.#addresses = [start, ...ends];
    const scratch = ends.at(-1) ?? start;
    const pages = Math.ceil(scratch / pageBytes) + scratchPages;
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const module = new WasmModuleBuilder({ minimum: pages, maximum: pages, shared: false });
    const library = new KernelLibrary(module, roundedVectors, wasmTarget);
    const writers = program.kernels.map((kernel) => {
      if (kernel.kind === "scan" || kernel.kind === "copy")
        throw new Error(`LoopCase got a ${kernel.kind} kernel; expected kernels with code of their own`);
      return library.writerFor(kernel, program);
    });
    const addressOf = (buffer: number, element: number): Expression<"i32"> =>
      i32.const(this.#addresses[buffer] + element * bytesPerElement(program.buffers[buffer].dtype));
    const tables: { readonly address: number; readonly numbers: Int32Array }[] = [];
    let nextTable = scratch + scratchBytes;
    const tableOf = (numbers: Int32Array): Expression<"i32"> => {
      tables.push({ address: nextTable, numbers });
      nextTable += numbers.byteLength + 16;
      if (nextTable > pages * pageBytes)
        throw new Error("the tables of the program exceed the memory of LoopCase; increase scratchPages");
      return i32.const(tables[tables.length - 1].address);
    };
    const context = { program, addressOf, scratch: i32.const(scratch) };
    const write = (i: number, { body, share }: Pick<KernelSite, "body" | "share">): void => {
      const fail = (): never => {
        throw new Error("LoopCase got a kernel that can fail; expected loops and products");
      };
      writers[i]?.write({ ...context, body, share, tableOf, fail });
    };
    program.kernels.forEach((_, i) => {
      module.function(
        { parameters: [], result: null },
        (body) => {
          write(i, { body, share: null });
        },
        `whole${i}`,
      );
      module.function(
        { parameters: ["i32", "i32"], result: null },
        (body, index, count) => {
          write(i, { body, share: { index, count } });
        },
        `share${i}`,
      );
    });
    const bytesOfModule = module.finish();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOfModule), {
      env: { memory: this.#memory },
    });
    for (const { address, numbers } of tables) {
      new Int32Array(this.#memory.buffer, address, numbers.length).set(numbers);
    }
    const functions = exports as Record<string, Share>;
    this.#kernels = program.kernels.map((_, i) => ({
      whole: functions[`whole${i}`] as () => void,
      share: functions[`share${i}`],
    }));
  }

  /** Copies the elements of a graph's leaves to the inputs of the program. */
  place(outputs: readonly Node[]): void {
    describeGraph(outputs).leaves.forEach((leaf, i) => {
      if (leaf.storage !== null) this.elements(this.program.inputs[i]).set(leaf.storage.readSync());
    });
  }

  /** Runs every kernel, undivided or share by share. */
  run(shares: number | null = null): void {
    for (const { whole, share } of this.#kernels) {
      if (shares === null) whole();
      else for (let index = 0; index < shares; index++) share(index, shares);
    }
  }

  /** The elements of a buffer, in memory order. */
  elements(buffer: number): TypedArray {
    const { dtype, size } = this.program.buffers[buffer];
    return new arrays[dtype](this.#memory.buffer, this.#addresses[buffer], size);
  }
}

type Share = (index: number, count: number) => void;

const arrays: Readonly<
  Record<DType, new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray>
> = {
  bool: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};
