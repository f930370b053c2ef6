import {
  elements,
  emitMatmul,
  runParameters,
  type Matmul,
  type MatmulDType,
  type MatmulSpec,
  type RunParameter,
} from "@stargrad/codegen";
import { roundUp } from "@stargrad/compiler";
import { WasmModuleBuilder } from "../assembler/module-builder.js";
import { pageBytes } from "../heap.js";

type Values = Float32Array | Float64Array | Int32Array;

/** The offsets of an operand's elements, in elements: the offset of (i, j) is `rows[i] + columns[j]`. */
export interface View {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** A memory for products in tests and measurements. Allocations follow one another and are never freed. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #pages: number;
  #used = 64;

  constructor(megabytes: number) {
    this.#pages = megabytes * 16;
    this.memory = new WebAssembly.Memory({ initial: this.#pages, maximum: this.#pages });
  }

  /** Allocates bytes, followed by an unused gap. Returns the address. */
  allocate(bytes: number): number {
    const address = this.#used;
    this.#used += roundUp(bytes, 64) + 64;
    if (this.#used > this.#pages * pageBytes) throw new Error(`an arena of ${this.#pages} pages is full`);
    return address;
  }

  array(dtype: MatmulDType, address: number, length: number): Values {
    const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
    return new arrays[dtype](this.memory.buffer, address, length);
  }

  place(dtype: MatmulDType, values: ArrayLike<number>): number {
    const address = this.allocate(values.length * elements[dtype].size);
    this.array(dtype, address, values.length).set(values);
    return address;
  }

  /** Allocates elements that all have one value, and returns their address. */
  placeFilled(dtype: MatmulDType, length: number, value: number): number {
    const address = this.allocate(length * elements[dtype].size);
    this.array(dtype, address, length).fill(value);
    return address;
  }

  /** Stores a table of byte offsets, and returns its address. */
  placeOffsets(dtype: MatmulDType, offsets: readonly number[]): number {
    return this.place(
      "int32",
      offsets.map((offset) => offset * elements[dtype].size),
    );
  }

  /** Compiles a product. */
  compile(spec: MatmulSpec): CompiledMatmul {
    const module = new WasmModuleBuilder({ minimum: this.#pages, maximum: this.#pages, shared: false });
    const matmul = emitMatmul(module, spec, "run");
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
      env: { memory: this.memory },
    });
    const { run } = instance.exports as { run: (...inputs: number[]) => void };
    const whole: Inputs = { rowBlockEnd: matmul.rowBlocks, columnBlockEnd: matmul.columnBlocks };
    return {
      matmul,
      run: (inputs) => {
        const given = { ...whole, ...inputs };
        run(...runParameters.map((name) => given[name] ?? 0));
      },
    };
  }
}

/** The arguments of a run. Default: 0, and the range of all blocks */
export type Inputs = Partial<Record<RunParameter, number>>;

export interface CompiledMatmul {
  readonly matmul: Matmul;
  readonly run: (inputs: Inputs) => void;
}

export function rowMajor(rows: number, columns: number): View {
  return { rows: range(rows, columns), columns: range(columns) };
}

export function columnMajor(rows: number, columns: number): View {
  return { rows: range(rows), columns: range(columns, rows) };
}

export function range(length: number, step = 1): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < length; i++) numbers.push(i * step);
  return numbers;
}
