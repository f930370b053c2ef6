import {
  planMemory,
  type Kernel,
  type ProductKernel,
  type Program,
  type WholeKernel,
} from "@stargrad/compiler";
import { i32 } from "./assembler/expression.js";
import { ModuleBuilder, type MemoryImport } from "./assembler/module-builder.js";
import { hostStep, type MemoryView } from "./host-step.js";
import type { KernelContext } from "./kernel-context.js";
import { writeFill, writeMap, writeReduce } from "./loops.js";
import { MathLibrary } from "./math/math-library.js";
import type { Matmul } from "./matmul/matmul.js";
import { ProductLibrary, writeProduct } from "./product.js";

/** A program that is ready to run in a memory. */
export interface CompiledProgram {
  readonly program: Program;
  /** Where each buffer begins. */
  readonly addresses: readonly number[];
  /** How large the memory must be, in bytes. */
  readonly bytes: number;
  /** Numbers that must stand in memory before the program runs, by address. */
  readonly tables: ReadonlyMap<number, Int32Array>;
  /** Runs on the memory whose contents the view shows. */
  readonly steps: readonly ((view: MemoryView) => void)[];
}

/** Buffers begin here, so that no buffer has the address 0. */
const arenaStart = 64;
const alignment = 64;

/**
 * Emits and compiles the WebAssembly of a program: one function for each run of kernels that need nothing from outside.
 * Addresses are constants, because every program has the memory to itself while it runs: first its buffers, then room
 * for products to work in, then the tables.
 */
export function compile(
  program: Program,
  memory: WebAssembly.Memory,
  format: MemoryImport,
  relaxed: boolean,
): CompiledProgram {
  const plan = planMemory(program);
  const addresses = plan.addresses.map((address) => arenaStart + address);
  const addressOf = (buffer: number): number => addresses[buffer];
  const module = new ModuleBuilder(format);
  const math = new MathLibrary(module, { relaxed });
  const products = productsOf(program, new ProductLibrary(module, { relaxed }));
  const scratch = arenaStart + plan.bytes;
  const scratchBytes = Math.max(0, ...[...products.values()].map((product) => product.scratchBytes));
  const tables = new Tables(scratch + align(scratchBytes));

  const runs = splitRuns(program.kernels);
  runs.forEach((run, i) => {
    if (run.kind === "host") return;
    module.function(
      { parameters: [], result: null },
      (body) => {
        const context: KernelContext = {
          module,
          body,
          math,
          program,
          addressOf: (buffer) => i32.const(addressOf(buffer)),
          tableOf: (numbers) => i32.const(tables.add(numbers)),
          scratch: i32.const(scratch),
          share: null,
          fail: () => undefined,
        };
        for (const kernel of run.kernels) {
          const product = kernel.kind === "product" ? products.get(kernel) : undefined;
          if (kernel.kind !== "product") writeLoops(kernel, context);
          else if (product !== undefined) writeProduct(kernel, product, context);
        }
      },
      `run${i}`,
    );
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  const exports = instance.exports as Record<string, () => void>;
  const steps = runs.map((run, i) =>
    run.kind === "host" ? hostStep(run.kernel, program, addressOf) : exports[`run${i}`],
  );
  return { program, addresses, bytes: tables.end, tables: tables.contents, steps };
}

/** Numbers that never change, each list kept once. */
class Tables {
  readonly contents = new Map<number, Int32Array>();
  readonly #known = new Map<string, number>();
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  /** The first address after all tables. */
  get end(): number {
    return this.#end;
  }

  add(numbers: Int32Array): number {
    const key = numbers.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const address = this.#end;
    this.#known.set(key, address);
    this.contents.set(address, numbers);
    // Vectors may read a little beyond the last number.
    this.#end += align(numbers.byteLength + 16);
    return address;
  }
}

type Run =
  | { readonly kind: "wasm"; readonly kernels: Exclude<Kernel, WholeKernel>[] }
  | { readonly kind: "host"; readonly kernel: WholeKernel };

/** Neighbouring kernels that are written in WebAssembly, together; the others, one by one. */
function splitRuns(kernels: readonly Kernel[]): Run[] {
  const runs: Run[] = [];
  for (const kernel of kernels) {
    const last = runs.at(-1);
    if (kernel.kind === "whole") runs.push({ kind: "host", kernel });
    else if (last?.kind === "wasm") last.kernels.push(kernel);
    else runs.push({ kind: "wasm", kernels: [kernel] });
  }
  return runs;
}

function productsOf(program: Program, library: ProductLibrary): Map<ProductKernel, Matmul> {
  const products = program.kernels.filter((kernel) => kernel.kind === "product");
  return new Map(products.map((kernel) => [kernel, library.functionFor(kernel)]));
}

function writeLoops(kernel: Exclude<Kernel, WholeKernel | ProductKernel>, context: KernelContext): void {
  switch (kernel.kind) {
    case "map":
      writeMap(kernel, context);
      return;
    case "reduce":
      writeReduce(kernel, context);
      return;
    case "fill":
      writeFill(kernel, context);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
