import { receiveReports, replaceForward } from "./forward-reports.js";
import type { Module } from "./module.js";

/** Called instead of a module's `forward`: calls `run`, which executes the `forward`, and returns its result. */
export type ForwardWatcher = (module: Module, run: () => unknown) => unknown;

/**
 * Runs f and calls `next` for every call of a `forward`, including `super.forward` calls. A `forward` that is an own property
 * of a module, not of its class, is reported only if the module is in `modules`.
 */
export function watchForward<T>(modules: Iterable<Module>, next: ForwardWatcher, f: () => T): T {
  const restores = [...modules].map((module) => replaceForward(module));
  // The owner is always a module: only the constructor of Module and the line above install reports.
  const outer = receiveReports((owner, run) => next(owner as Module, run));
  try {
    return f();
  } finally {
    receiveReports(outer);
    for (const restore of restores) restore();
  }
}
