import { receiveReports } from "./forward-reports.js";

/** The interface of a module that is needed here. */
interface Readable {
  /** Its variables and modules, by name. */
  parts(): Iterable<readonly [name: string, part: unknown]>;
}

/**
 * Runs f and stores the fields of the given modules before the run, and those of every module whose `forward` is called,
 * before the call: numbers and strings by value, other values by identity, arrays element by element. `unchanged` returns
 * whether all fields still have these values; then f would do the same again.
 *
 * The contents of private fields and closures are not compared. If a module's `forward` changes its own fields, `unchanged`
 * returns false.
 */
export function readModules<T>(
  modules: Iterable<Readable>,
  f: () => T,
): {
  readonly result: T;
  readonly unchanged: () => boolean;
  /** For each module whose `forward` was called: the module that called it first, or null if f did. */
  readonly callers: ReadonlyMap<object, object | null>;
} {
  const readings = new Map<Readable, Reading>();
  const note = (module: Readable): void => {
    if (!readings.has(module)) readings.set(module, new Reading(module));
  };
  for (const module of modules) note(module);
  const callers = new Map<object, object | null>();
  let running: object | null = null;
  // Only modules report calls of their `forward`.
  const outer = receiveReports((owner, forward) => {
    note(owner as Readable);
    const caller = running;
    if (!callers.has(owner)) callers.set(owner, caller);
    running = owner;
    try {
      return forward();
    } finally {
      running = caller;
    }
  });
  try {
    const result = f();
    const noted = [...readings.values()];
    return { result, unchanged: () => noted.every((reading) => reading.isCurrent()), callers };
  } finally {
    receiveReports(outer);
  }
}

/** The values of one module's fields at a certain time. */
class Reading {
  readonly #module: Readable;
  readonly #fields: readonly string[];
  readonly #values: readonly unknown[];
  /** The parts, or null if the fields contain all of them. */
  readonly #parts: readonly unknown[] | null;

  constructor(module: Readable) {
    this.#module = module;
    this.#fields = Object.keys(module);
    this.#values = this.#fields.map((field) => copied(valueOf(module, field)));
    this.#parts = this.#seesAll() ? null : readState(module);
  }

  /** Whether the fields contain all parts. A class that overrides `fields` may keep parts elsewhere, such as in a Map. */
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

/** The prototype of the base class of all modules. */
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

/** Copies arrays, because their elements may change later. */
function copied(value: unknown): unknown {
  return Array.isArray(value) ? value.map(copied) : value;
}

function same(value: unknown, noted: unknown): boolean {
  if (!Array.isArray(value) || !Array.isArray(noted)) return Object.is(value, noted);
  return value.length === noted.length && value.every((element, i) => same(element, noted[i]));
}
