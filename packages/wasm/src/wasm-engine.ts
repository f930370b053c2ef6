import { describeGraph, fuse, lower, type Program } from "@stargrad/compiler";
import {
  ArgumentError,
  bytesPerElement,
  HostStorage,
  type DType,
  type Engine,
  type Node,
  type Storage,
  type TypedArray,
} from "@stargrad/graph";
import { f32x4 } from "./assembler/expression.js";
import { ModuleBuilder } from "./assembler/module-builder.js";
import { compile, type CompiledProgram } from "./compile.js";

const pageBytes = 65536;
const mostPages = 65536;
/** How many programs are kept. A training loop needs a handful. */
const programBound = 256;

/**
 * Computes graphs with WebAssembly that is emitted at run time: a graph is compiled when it is first met, and run from then
 * on whenever one of the same structure comes. Elements are staged into the engine's memory while a program runs and live
 * in ordinary arrays otherwise, where the garbage collector sees them.
 */
export class WasmEngine implements Engine {
  /** Whether WebAssembly is there, and has vectors of 128 bits. */
  static isSupported(): boolean {
    return typeof WebAssembly === "object" && WebAssembly.validate(vectorProbe(false));
  }

  readonly name = "wasm";
  readonly #memory = new WebAssembly.Memory({ initial: 16, maximum: mostPages });
  readonly #programs = new Map<string, CompiledProgram>();
  readonly #relaxed = WebAssembly.validate(vectorProbe(true));

  run(outputs: readonly Node[]): Storage[] {
    const { key, leaves } = describeGraph(outputs);
    const compiled = this.#programFor(key, outputs);
    this.#reserve(compiled);
    const { program, addresses, tables, steps } = compiled;
    for (const [address, numbers] of tables) this.#view("int32", address, numbers.length).set(numbers);
    program.inputs.forEach((buffer, i) => {
      const { storage } = leaves[i];
      if (storage === null) throw new Error("a leaf of the graph has no elements");
      const data = storage.readSync();
      this.#view(leaves[i].dtype, addresses[buffer], data.length).set(data);
    });
    for (const step of steps) step(this.#view);
    return program.outputs.map((buffer) => {
      const { dtype, size } = program.buffers[buffer];
      return new HostStorage(this.#view(dtype, addresses[buffer], size).slice());
    });
  }

  readonly #view = (dtype: DType, address: number, size: number): TypedArray => {
    const { buffer } = this.#memory;
    switch (dtype) {
      case "bool":
        return new Uint8Array(buffer, address, size);
      case "int32":
        return new Int32Array(buffer, address, size);
      case "float32":
        return new Float32Array(buffer, address, size);
      case "float64":
        return new Float64Array(buffer, address, size);
    }
  };

  #programFor(key: string, outputs: readonly Node[]): CompiledProgram {
    const known = this.#programs.get(key);
    if (known !== undefined) {
      // The least recently used program is the first in the map.
      this.#programs.delete(key);
      this.#programs.set(key, known);
      return known;
    }
    const format = { minimum: 1, maximum: mostPages, shared: false };
    const compiled = compile(fuse(lower(outputs)), this.#memory, format, this.#relaxed);
    if (this.#programs.size >= programBound) {
      const [oldest] = this.#programs.keys();
      this.#programs.delete(oldest);
    }
    this.#programs.set(key, compiled);
    return compiled;
  }

  /** Grows the memory, at least doubling it, until it holds so many bytes. */
  #reserve({ program, bytes }: CompiledProgram): void {
    const pages = this.#memory.buffer.byteLength / pageBytes;
    const needed = Math.ceil((bytes + 16) / pageBytes);
    if (needed <= pages) return;
    if (needed > mostPages) throw outOfMemory(program, bytes);
    this.#memory.grow(Math.min(Math.max(needed, 2 * pages), mostPages) - pages);
  }
}

function outOfMemory({ buffers }: Program, bytes: number): ArgumentError {
  const sizeOf = ({ dtype, size }: Program["buffers"][number]): number => size * bytesPerElement(dtype);
  const largest = buffers.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
  const gibibytes = (count: number): string => `${(count / 2 ** 30).toFixed(1)} GiB`;
  return new ArgumentError(
    "WasmEngine",
    `the program needs ${gibibytes(bytes)}, and WebAssembly has 4; its largest part is ${largest.name}, ${gibibytes(sizeOf(largest))}`,
    "Use a smaller batch, or read parts of the result one at a time",
  );
}

/** A module that is valid where vectors, or fused multiply-adds of vectors, can be used. */
function vectorProbe(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ minimum: 0, maximum: 0, shared: false });
  module.function({ parameters: ["v128"], result: "v128" }, (body, x) => {
    body.return(relaxed ? f32x4.relaxedMultiplyAdd(x, x, x) : f32x4.mul(x, x));
  });
  return module.finish();
}
