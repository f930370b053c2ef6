import { ArgumentError } from "@stargrad/tensor";
import { expectList, writeValue, type Kind } from "@stargrad/tensor/internal";
import { Module } from "./module.js";

export const moduleKind: Kind = ["a module", (value) => value instanceof Module];

/** A list of modules, copied. Throws an ArgumentError for anything else. `hint`: what to try */
export function modulesIn<M>(called: string, given: Iterable<M>, hint: string): M[] {
  const modules = expectList(called, given, "modules", hint) as M[];
  expectModules(called, modules, hint);
  return modules;
}

/** Throws an ArgumentError unless all elements of a list are modules. `hint`: what to try */
export function expectModules(called: string, modules: readonly unknown[], hint?: string): void {
  const index = modules.findIndex((module) => !moduleKind[1](module));
  if (index < 0) return;
  const got = writeValue(modules[index]);
  throw new ArgumentError(called, `got ${got} as module ${index}; expected a module`, hint);
}
