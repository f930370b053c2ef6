import type { Signature } from "@stargrad/compiler";

/** A program in the cache. */
export interface KeptProgram {
  /** An estimate of its memory in bytes: its own, and that of the code that was compiled for it. */
  readonly cost: number;
}

/** A cache of compiled programs with a bound on memory. The least recently used program is evicted first. */
export class ProgramCache<Program extends KeptProgram> {
  #programs = new Map<Signature, Program>();
  readonly #bound: number;
  #cost = 0;

  /** `bound`: in bytes. The program added last is always kept. */
  constructor(bound: number) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#programs.size;
  }

  get(signature: Signature): Program | undefined {
    const known = this.#programs.get(signature);
    if (known === undefined) return undefined;
    // The least recently used program is the first in the map.
    this.#programs.delete(signature);
    this.#programs.set(signature, known);
    return known;
  }

  add(signature: Signature, program: Program): void {
    for (const [oldest, { cost }] of this.#programs) {
      if (this.#cost + program.cost <= this.#bound) break;
      this.#programs.delete(oldest);
      this.#cost -= cost;
    }
    this.#programs.set(signature, program);
    this.#cost += program.cost;
  }

  clear(): void {
    this.#programs = new Map();
    this.#cost = 0;
  }
}
