import { ArgumentError } from "@stargrad/tensor";
import { Module } from "../module.js";

/**
 * Modules by name, in the order they came: `encoder.weight`. It computes nothing; the module that holds it does.
 *
 * Throws: ArgumentError if a name is empty or holds a dot, from `get` if there is no such module, and from `forward`
 * Source: torch.nn.ModuleDict
 */
export class ModuleDict<M extends Module = Module> extends Module implements Iterable<[string, M]> {
  readonly #modules = new Map<string, M>();

  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [name: string, module: M]> = []) {
    super();
    const entries = isIterable(modules) ? modules : Object.entries(modules);
    for (const [name, module] of entries) this.set(name, module);
  }

  get size(): number {
    return this.#modules.size;
  }

  get(name: string): M {
    const module = this.#modules.get(name);
    if (module !== undefined) return module;
    const known = [...this.#modules.keys()].join(", ");
    throw new ArgumentError("ModuleDict", `got the name ${name}; expected one of: ${known}`);
  }

  has(name: string): boolean {
    return this.#modules.has(name);
  }

  /** Adds a module, or puts it in the place of the one of that name. */
  set(name: string, module: M): this {
    if (name === "" || name.includes(".")) {
      // The state dict could not tell it from a path.
      throw new ArgumentError(
        "ModuleDict",
        `got the name "${name}"; expected one that is not empty and has no dot`,
      );
    }
    this.#modules.set(name, module);
    return this;
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.#modules.entries();
  }

  forward(): never {
    throw new ArgumentError("ModuleDict", "it computes nothing by itself", "Call the modules it holds");
  }

  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return this.#modules;
  }
}

function isIterable<T>(value: Iterable<T> | object): value is Iterable<T> {
  return Symbol.iterator in value;
}
