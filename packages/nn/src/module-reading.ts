import { receiveReports } from "./forward-reports.js";

/** A module, as far as it matters here. */
interface Readable {
  /** Its variables and modules, by name. */
  parts(): Iterable<readonly [name: string, part: unknown]>;
}

/**
 * Runs f and notes what the modules whose `forward` it calls go by, and those that are given: what their own fields hold
 * before f is run, numbers and texts by value, everything else by identity, arrays element by element. `unchanged` says
 * whether all that is still so: then f would do the same again.
 *
 * What a private field or a closure holds is not seen. Of a module whose `forward` changes its own fields, nothing is
 * the same again.
 */
export function readModules<T>(
  modules: Iterable<Readable>,
  f: () => T,
): { readonly result: T; readonly unchanged: () => boolean } {
  const readings = new Map<Readable, Reading>();
  const note = (module: Readable): void => {
    if (!readings.has(module)) readings.set(module, new Reading(module));
  };
  for (const module of modules) note(module);
  // Only modules report calls of their `forward`.
  const outer = receiveReports((owner, forward) => {
    note(owner as Readable);
    return forward();
  });
  try {
    const result = f();
    const noted = [...readings.values()];
    return { result, unchanged: () => noted.every((reading) => reading.isCurrent()) };
  } finally {
    receiveReports(outer);
  }
}

/** What one module held at a moment. */
class Reading {
  readonly #module: Readable;
  readonly #fields: readonly string[];
  readonly #values: readonly unknown[];
  /** Its parts, unless all of them stand in its fields. */
  readonly #parts: readonly unknown[] | null;

  constructor(module: Readable) {
    this.#module = module;
    this.#fields = Object.keys(module);
    this.#values = this.#fields.map((field) => copied(valueOf(module, field)));
    this.#parts = this.#seesAll() ? null : readState(module);
  }

  /** Whether all parts stand in fields: a class that says by itself what they are may keep them elsewhere. */
  #seesAll(): boolean {
    const module = this.#module;
    if (Reflect.get(module, "fields") === Reflect.get(baseOf(module), "fields")) return true;
    const seen = new Set(this.#values.flat(Infinity));
    const parts = readState(module);
    return parts.length > 0 && parts.every((part) => seen.has(part));
  }

  isCurrent(): boolean {
    const module = this.#module;
    const fields = Object.keys(module);
    if (fields.length !== this.#fields.length) return false;
    for (const [i, field] of this.#fields.entries()) {
      if (!same(valueOf(module, field), this.#values[i])) return false;
    }
    return this.#parts === null || same(readState(module), this.#parts);
  }
}

/** The prototype of the class that all modules extend. */
function baseOf(module: Readable): object {
  let base: object = module;
  for (;;) {
    const next = Reflect.getPrototypeOf(base);
    if (next === null || next === Object.prototype) return base;
    base = next;
  }
}

function valueOf(module: Readable, field: string): unknown {
  return (module as unknown as Readonly<Record<string, unknown>>)[field];
}

function readState(module: Readable): unknown[] {
  return [...module.parts()].map(([, part]) => part);
}

/** An array is noted by what it holds, since it may come to hold something else. */
function copied(value: unknown): unknown {
  return Array.isArray(value) ? value.map(copied) : value;
}

function same(value: unknown, noted: unknown): boolean {
  if (!Array.isArray(value) || !Array.isArray(noted)) return Object.is(value, noted);
  return value.length === noted.length && value.every((element, i) => same(element, noted[i]));
}
