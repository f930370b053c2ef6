import { KernelLibrary, i32, type Expression, type KernelSite, type Machine } from "@stargrad/codegen";
import type { FormedKernel, Signature } from "@stargrad/compiler";
import { WasmModuleBuilder, type MemoryImport } from "./assembler/module-builder.js";
import { kernelSignature } from "./driver.js";
import type { Heap } from "./heap.js";
import { outOfMemory } from "./out-of-memory.js";
import { header } from "./program-image.js";
import { wasmTarget } from "./target.js";

/** An estimate of the bytes of machine code and its metadata per byte of WebAssembly. */
const bytesPerByte = 10;

/** An estimate of the bytes that a module takes besides: V8 has tables, pages of code and an instance for each, however small. */
const bytesPerModule = 32 * 2 ** 10;

/** An estimate of the bytes of the objects that describe a kernel. */
const bytesPerKernel = 512;

/** The maximum number of kernels in a module: the main thread of a page may not compile more than 8 MB synchronously. */
const mostTogether = 256;

/** A kernel's form, and whether several threads divide its work. */
export interface KernelVariant {
  readonly formed: FormedKernel;
  readonly shared: boolean;
}

/** The code of a kernel, shared by all kernels of the same form and variant. */
export interface KernelCode {
  /** Its index in the table of functions. */
  readonly place: number;
  /** The bytes of scratch memory that each thread needs. */
  readonly scratchBytes: number;
  readonly module: KernelModule;
}

/** Kernels that were compiled together. They are kept as long as a program uses one of them. */
export interface KernelModule {
  /** Modules are numbered in the order in which threads load them. */
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The consecutive table indices of its functions, which are exported as `kernel0`, `kernel1` … */
  readonly places: { readonly first: number; readonly count: number };
  /** An estimate of its memory in bytes. */
  readonly cost: number;
}

interface KnownModule extends KernelModule {
  users: number;
  readonly variants: readonly { readonly signature: Signature; readonly shared: boolean }[];
  readonly tables: readonly { readonly address: number; readonly bytes: number }[];
}

type KnownCode = KernelCode & { readonly module: KnownModule };

export interface KernelStoreOptions {
  readonly heap: Heap;
  readonly memory: MemoryImport;
  readonly machine: Machine;
}

/**
 * The kernels of all programs of an engine, by their form. Kernels that differ only in their buffers share one function, within a
 * program and between programs. The function is called by its table index, and reads the addresses of its operands from the command
 * that calls it. So compiling a program compiles only forms that are new.
 */
export class KernelStore {
  readonly #options: KernelStoreOptions;
  #table = new WebAssembly.Table({ initial: 64, element: "anyfunc" });
  /** Code whose work is divided among threads, and code that one thread runs alone. */
  #shared = new Map<Signature, KnownCode>();
  #alone = new Map<Signature, KnownCode>();
  /** Ranges of the table that have been freed. */
  readonly #free: { readonly first: number; readonly count: number }[] = [];
  #end = 0;
  #modules = 0;
  #cost = 0;

  constructor(options: KernelStoreOptions) {
    this.#options = options;
  }

  /** An estimate of the memory of all its modules in bytes. */
  get cost(): number {
    return this.#cost;
  }

  get table(): WebAssembly.Table {
    return this.#table;
  }

  /** Returns the code of each variant, and compiles it if it is new. The caller must later call `release` with the same modules. */
  codesOf(variants: readonly KernelVariant[]): {
    readonly codes: readonly KernelCode[];
    readonly modules: ReadonlySet<KernelModule>;
  } {
    this.#compile(variants.filter((variant) => this.#codeOf(variant) === undefined));
    const codes: KernelCode[] = [];
    const modules = new Set<KnownModule>();
    for (const variant of variants) {
      const code = this.#codeOf(variant);
      if (code === undefined)
        throw new Error("KernelStore.codesOf found no code for a kernel after compiling");
      codes.push(code);
      modules.add(code.module);
    }
    for (const module of modules) module.users++;
    return { codes, modules };
  }

  /** Ends a program's use of modules. Modules that no program uses are freed. */
  release(modules: Iterable<KernelModule>): void {
    for (const module of modules as Iterable<KnownModule>) {
      module.users--;
      if (module.users > 0) continue;
      for (const { signature, shared } of module.variants) this.#known(shared).delete(signature);
      const { first, count } = module.places;
      // After the engine has been disposed of, its table is empty.
      const end = Math.min(first + count, this.#table.length);
      for (let index = first; index < end; index++) this.#table.set(index, null);
      this.#free.push(module.places);
      for (const { address, bytes } of module.tables) this.#options.heap.free(address, bytes);
      this.#cost -= module.cost;
    }
  }

  /** Releases all code. */
  dispose(): void {
    this.#table = new WebAssembly.Table({ initial: 0, element: "anyfunc" });
    this.#shared = new Map();
    this.#alone = new Map();
  }

  #known(shared: boolean): Map<Signature, KnownCode> {
    return shared ? this.#shared : this.#alone;
  }

  #codeOf({ formed, shared }: KernelVariant): KnownCode | undefined {
    return this.#known(shared).get(formed.signature);
  }

  /** Compiles the variants that are new, each form once. */
  #compile(variants: readonly KernelVariant[]): void {
    const [shared, alone] = [true, false].map((isShared) => {
      const distinct = new Map<Signature, KernelVariant>();
      for (const variant of variants) {
        const { signature } = variant.formed;
        if (variant.shared === isShared && !distinct.has(signature)) distinct.set(signature, variant);
      }
      return distinct;
    });
    const missing = [...shared, ...alone].map(([, variant]) => variant);
    for (let first = 0; first < missing.length; first += mostTogether) {
      this.#compileTogether(missing.slice(first, first + mostTogether));
    }
  }

  #compileTogether(variants: readonly KernelVariant[]): void {
    const { heap, memory, machine } = this.#options;
    const builder = new WasmModuleBuilder(memory);
    const tables = new Tables(heap);
    const writing = { builder, tables };
    const library = new KernelLibrary(builder, machine, wasmTarget);
    const places = this.#takeIndices(variants.length);
    try {
      const scratches = variants.map((variant, i) => writeKernel(variant, library, writing, `kernel${i}`));
      const bytes = builder.finish();
      // The module does not import the table, because V8 keeps every instance that imports a table as long as the table.
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
        env: { memory: heap.memory },
      });
      for (let i = 0; i < places.count; i++) {
        this.#table.set(places.first + i, exports[`kernel${i}`]);
      }
      const module: KnownModule = {
        number: this.#modules++,
        bytes,
        cost: bytesPerModule + variants.length * bytesPerKernel + bytes.length * bytesPerByte + tables.bytes,
        users: 0,
        variants: variants.map(({ formed: { signature }, shared }) => ({ signature, shared })),
        places,
        tables: tables.allocations,
      };
      variants.forEach(({ formed, shared }, i) => {
        const code = { place: places.first + i, scratchBytes: scratches[i], module };
        this.#known(shared).set(formed.signature, code);
      });
      this.#cost += module.cost;
    } catch (error) {
      for (const { address, bytes } of tables.allocations) heap.free(address, bytes);
      this.#free.push(places);
      throw error;
    }
  }

  /** Reserves `count` consecutive table indices. */
  #takeIndices(count: number): { readonly first: number; readonly count: number } {
    const at = this.#free.findIndex((stretch) => stretch.count >= count);
    if (at >= 0) {
      const [{ first, count: free }] = this.#free.splice(at, 1);
      if (free > count) this.#free.push({ first: first + count, count: free - count });
      return { first, count };
    }
    const first = this.#end;
    this.#end += count;
    if (this.#end > this.#table.length) this.#table.grow(Math.max(this.#table.length, count));
    return { first, count };
  }
}

/** Writes a kernel's function and exports it. Returns the bytes of scratch memory that it needs in each thread. */
function writeKernel(
  { formed, shared }: KernelVariant,
  library: KernelLibrary,
  { builder, tables }: { readonly builder: WasmModuleBuilder; readonly tables: Tables },
  name: string,
): number {
  const { kernel, buffers } = formed;
  const program = { buffers };
  const writer = library.writerFor(kernel, program);
  builder.function(
    kernelSignature,
    (body, operands, words, scratch, thread, count) => {
      const site: KernelSite = {
        body,
        program,
        addressOf(buffer, element) {
          const at = 8 * formed.operandAt(buffer, element);
          const base = i32.load(i32.add(words, i32.load(operands, at)));
          return body.hoist(i32.add(base, i32.load(operands, at + 4)));
        },
        tableOf: (numbers) => i32.const(tables.store(numbers)),
        scratch,
        share: shared ? { index: thread, count } : null,
        fail(position, index) {
          const image: Expression<"i32"> = i32.load(words, header.image);
          body.store(image, position, header.position);
          body.store(image, index, header.index);
          body.return(i32.const(1));
        },
      };
      writer.write(site);
      body.return(i32.const(0));
    },
    name,
  );
  return writer.scratchBytes;
}

/** The tables of constant numbers that a module's code reads. Equal tables are stored once. */
class Tables {
  readonly allocations: { readonly address: number; readonly bytes: number }[] = [];
  readonly #heap: Heap;
  readonly #known = new Map<string, number>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The total bytes of all tables. */
  get bytes(): number {
    return this.allocations.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Stores a table unless it is already stored, and returns its address. */
  store(numbers: Int32Array): number {
    const key = numbers.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const bytes = numbers.byteLength;
    const address =
      this.#heap.allocate(bytes) ??
      outOfMemory(this.#heap, { largest: { name: "a table of offsets", bytes } }, bytes);
    this.allocations.push({ address, bytes });
    this.#known.set(key, address);
    this.#heap.view("int32", address, numbers.length).set(numbers);
    return address;
  }
}
