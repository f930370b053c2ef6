/** What a program that is kept takes. */
export interface KeptProgram {
  /** About how many bytes of memory: its own, and those of the code that was compiled for it. */
  readonly cost: number;
}

/** Programs that have been met before, within a bound of memory: the least recently used is forgotten first. */
export class ProgramCache<Program extends KeptProgram> {
  readonly #programs = new Map<string, Program>();
  readonly #bound: number;
  #cost = 0;

  /** `bound`: in bytes. The last program that was added is kept in any case. */
  constructor(bound: number) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#programs.size;
  }

  get(key: string): Program | undefined {
    const known = this.#programs.get(key);
    if (known === undefined) return undefined;
    // The least recently used program is the first in the map.
    this.#programs.delete(key);
    this.#programs.set(key, known);
    return known;
  }

  add(key: string, program: Program): void {
    for (const [oldest, { cost }] of this.#programs) {
      if (this.#cost + program.cost <= this.#bound) break;
      this.#programs.delete(oldest);
      this.#cost -= cost;
    }
    this.#programs.set(key, program);
    this.#cost += program.cost;
  }
}
