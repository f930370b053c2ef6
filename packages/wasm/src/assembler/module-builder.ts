import type {
  FunctionReference,
  ModuleBuilder,
  ParameterLocals,
  Signature,
  ValueType,
} from "@stargrad/codegen";
import { ByteWriter } from "./bytes.js";
import { typeCode, WasmFunctionBuilder } from "./function-builder.js";
import type { FunctionType } from "./instructions.js";

/** The memory that a module imports. It is created outside and shared by all modules. */
export interface MemoryImport {
  /** In pages of 64 KiB. */
  readonly minimum: number;
  readonly maximum: number;
  readonly shared: boolean;
}

/**
 * Writes a WebAssembly module, whose functions use one imported memory, `env.memory`. Functions of different modules call each
 * other through a table, `env.table`, which a module imports only if it calls a function of the table.
 *
 * Source: WebAssembly Core Specification 2.0, section 5 (binary format)
 */
export class WasmModuleBuilder implements ModuleBuilder {
  readonly #memory: MemoryImport;
  readonly #types: string[] = [];
  readonly #functions: { readonly type: number; readonly body: WasmFunctionBuilder }[] = [];
  readonly #imports: { readonly name: string; readonly type: number }[] = [];
  readonly #exports: { readonly name: string; readonly index: number }[] = [];
  #usesTable = false;

  constructor(memory: MemoryImport) {
    this.#memory = memory;
  }

  /** Imports a function without parameters and results, before any function is added. */
  import(name: string): FunctionReference<null> {
    if (this.#functions.length > 0) throw new Error("functions are imported before others are added");
    return { index: this.#imports.push({ name, type: this.#typeOf([], null) }) - 1, result: null };
  }

  /** Adds a function. If it has a name, it is exported. */
  function<const P extends readonly ValueType[], R extends ValueType | null>(
    signature: Signature<P, R>,
    write: (body: WasmFunctionBuilder, ...parameters: ParameterLocals<P>) => void,
    name?: string,
  ): FunctionReference<R> {
    const { parameters, result } = signature;
    const body = new WasmFunctionBuilder(parameters.length);
    const { index } = this.next(result);
    this.#functions.push({ type: this.#typeOf(parameters, result), body });
    const locals = parameters.map((type, i) => body.parameter(type, i));
    write(body, ...(locals as ParameterLocals<P>));
    if (name !== undefined) this.#exports.push({ name, index });
    return { index, result };
  }

  /** A reference to the next function that will be added, so that a function can call itself. */
  next<R extends ValueType | null>(result: R): FunctionReference<R> {
    return { index: this.#imports.length + this.#functions.length, result };
  }

  /** The type of functions that are called by their index in the table. */
  indirect<const P extends readonly ValueType[], R extends ValueType | null>({
    parameters,
    result,
  }: Signature<P, R>): FunctionType<R> {
    this.#usesTable = true;
    return { type: this.#typeOf(parameters, result), result };
  }

  /** The bytes of the module. */
  finish(): Uint8Array<ArrayBuffer> {
    const module = new ByteWriter();
    module.bytes(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
    section(module, 1, this.#types, (code, type) => {
      code.bytes(...type.split(" ").map(Number));
    });
    const { minimum, maximum, shared } = this.#memory;
    const imports: {
      readonly name: string;
      readonly description: readonly number[];
      readonly limits: number[];
    }[] = [{ name: "memory", description: [0x02, shared ? 0x03 : 0x01], limits: [minimum, maximum] }];
    if (this.#usesTable) imports.push({ name: "table", description: [0x01, 0x70, 0x00], limits: [0] });
    for (const { name, type } of this.#imports) imports.push({ name, description: [0x00], limits: [type] });
    section(module, 2, imports, (code, { name, description, limits }) => {
      code.text("env");
      code.text(name);
      code.bytes(...description);
      for (const limit of limits) code.unsigned(limit);
    });
    section(module, 3, this.#functions, (code, { type }) => {
      code.unsigned(type);
    });
    section(module, 7, this.#exports, (code, { name, index }) => {
      code.text(name);
      code.bytes(0x00);
      code.unsigned(index);
    });
    section(module, 10, this.#functions, (code, { body }) => {
      const finished = body.finish();
      code.unsigned(finished.length);
      code.append(finished);
    });
    return module.finish();
  }

  /** The number of a function type; equal types share one. */
  #typeOf(parameters: readonly ValueType[], result: ValueType | null): number {
    const inputs = parameters.map(typeCode);
    const outputs = result === null ? [] : [typeCode(result)];
    const type = [0x60, inputs.length, ...inputs, outputs.length, ...outputs].join(" ");
    const known = this.#types.indexOf(type);
    return known >= 0 ? known : this.#types.push(type) - 1;
  }
}

function section<T>(
  module: ByteWriter,
  id: number,
  entries: readonly T[],
  write: (code: ByteWriter, entry: T) => void,
): void {
  const content = new ByteWriter();
  content.unsigned(entries.length);
  for (const entry of entries) write(content, entry);
  module.bytes(id);
  module.unsigned(content.length);
  module.append(content);
}
