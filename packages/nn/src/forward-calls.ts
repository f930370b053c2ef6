import type { Module } from "./module.js";

type Forward = (this: Module, ...inputs: never[]) => unknown;

/** Told of a call of a module's `forward`, which it carries out by calling `run`, and whose result it returns. */
export type ForwardWatcher = (module: Module, run: () => unknown) => unknown;

let watcher: ForwardWatcher | null = null;

/** The prototypes whose own `forward`, if they have one, reports its calls. */
const reporting = new WeakSet<object>();

/** Has the `forward` of a class, and of those it extends, report its calls from here on to whoever watches. */
export function reportForwardOf(prototype: object): void {
  for (let each: object | null = prototype; each !== null; each = Reflect.getPrototypeOf(each)) {
    if (reporting.has(each)) return;
    reporting.add(each);
    replaceForward(each);
  }
}

/**
 * Runs f while `next` is told of every call of a `forward`, also of one that a subclass calls by `super`. One that is a
 * module's own property, which no class has, reports its calls only if the module is among `modules`.
 */
export function watchForward<T>(modules: Iterable<Module>, next: ForwardWatcher, f: () => T): T {
  const outer = watcher;
  const restores = [...modules].map((module) => replaceForward(module));
  watcher = next;
  try {
    return f();
  } finally {
    watcher = outer;
    for (const restore of restores) restore();
  }
}

/** Has the own `forward` of an object report its calls, if it has one. Returns how to undo it. */
function replaceForward(owner: object): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, "forward");
  if (typeof own?.value !== "function" || own.configurable !== true) return () => undefined;
  Object.defineProperty(owner, "forward", { ...own, value: reportingForward(own.value as Forward) });
  return () => {
    Object.defineProperty(owner, "forward", own);
  };
}

function reportingForward(forward: Forward): Forward {
  const reports = function (this: Module, ...inputs: never[]): unknown {
    if (watcher === null) return forward.apply(this, inputs);
    return watcher(this, () => forward.apply(this, inputs));
  };
  // To whoever looks, it is the function that was written.
  for (const property of ["name", "length"] as const) {
    Object.defineProperty(reports, property, { value: forward[property], configurable: true });
  }
  return reports;
}
