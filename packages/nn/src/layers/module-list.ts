import { ArgumentError, IndexError } from "@stargrad/tensor";
import { Module } from "../module.js";
import { expectModules, modulesIn } from "../modules.js";

/**
 * Modules in a list that can grow, named by their indices, `0.weight`. It has no forward pass; the module that contains it
 * calls them. A plain array in a field is part of the model too.
 *
 * Throws: IndexError from `at` if the index is out of range; ArgumentError from `forward`
 * Source: torch.nn.ModuleList
 */
export class ModuleList<M extends Module = Module> extends Module implements Iterable<M> {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "ModuleList";
  }

  readonly #modules: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    this.#modules = modulesIn("ModuleList", modules, "Pass a list: new ModuleList([a, b])");
  }

  get length(): number {
    return this.#modules.length;
  }

  /** The module at an index; negative counts from the end. */
  at(index: number): M {
    const module = this.#modules.at(index);
    if (Number.isInteger(index) && module !== undefined) return module;
    throw new IndexError("ModuleList", `got the index ${index} for ${this.length} modules`);
  }

  /** Adds modules at the end. */
  append(...modules: readonly M[]): this {
    expectModules(
      "ModuleList.append",
      modules,
      "Pass modules as arguments: append(a, b) or append(...modules)",
    );
    this.#modules.push(...modules);
    return this;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.#modules.values();
  }

  forward(): never {
    throw new ArgumentError(
      "ModuleList",
      "has no forward pass of its own",
      "Call its modules, or use Sequential",
    );
  }

  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this.#modules);
  }
}
