import { ArgumentError } from "@stargrad/tensor";
import { expectList, expectValues, isPlainObject, writeValue } from "@stargrad/tensor/internal";
import { Module } from "../module.js";
import { moduleKind } from "../modules.js";

const hint = "Pass modules by name: new ModuleDict({ a, b })";

/**
 * Modules by name, in insertion order: `encoder.weight`. It has no forward pass; the module that contains it calls them.
 *
 * Throws: ArgumentError if a name is empty or contains a dot, from `get` if there is no such module, and from `forward`
 * Source: torch.nn.ModuleDict
 */
export class ModuleDict<M extends Module = Module> extends Module implements Iterable<[string, M]> {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "ModuleDict";
  }

  readonly #modules = new Map<string, M>();

  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [name: string, module: M]> = []) {
    super();
    const pairs = isPlainObject(modules) ? Object.entries(modules) : modules;
    const entries = expectList("ModuleDict", pairs, "pairs", hint);
    for (const entry of entries) {
      const [name, module] = expectList("ModuleDict", entry, "a name and a module", hint);
      this.set(name as string, module as M);
    }
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

  /** Adds a module, or replaces the one of the same name. */
  set(name: string, module: M): this {
    if (typeof name !== "string" || name === "" || name.includes(".")) {
      // In a state dict, such a name would be ambiguous with a path.
      throw new ArgumentError(
        "ModuleDict",
        `got the name ${writeValue(name)}; expected one that is not empty and has no dot`,
      );
    }
    expectValues("ModuleDict", { [name]: module }, moduleKind);
    this.#modules.set(name, module);
    return this;
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.#modules.entries();
  }

  forward(): never {
    throw new ArgumentError("ModuleDict", "has no forward pass of its own", "Call its modules");
  }

  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return this.#modules;
  }
}
