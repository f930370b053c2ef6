import { receiveReports, replaceForward } from "./forward-reports.js";
import type { Module } from "./module.js";

/** Told of a call of a module's `forward`, which it carries out by calling `run`, and whose result it returns. */
export type ForwardWatcher = (module: Module, run: () => unknown) => unknown;

/**
 * Runs f while `next` is told of every call of a `forward`, also of one that a subclass calls by `super`. One that is a
 * module's own property, which no class has, reports its calls only if the module is among `modules`.
 */
export function watchForward<T>(modules: Iterable<Module>, next: ForwardWatcher, f: () => T): T {
  const restores = [...modules].map((module) => replaceForward(module));
  // Only modules report: their constructor and the line above ask for it, and nobody else does.
  const outer = receiveReports((owner, run) => next(owner as Module, run));
  try {
    return f();
  } finally {
    receiveReports(outer);
    for (const restore of restores) restore();
  }
}
