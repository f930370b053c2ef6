import { Tensor, type Shape } from "@stargrad/tensor";
import { isPlainObject, trace } from "@stargrad/tensor/internal";
import { watchForward } from "./forward-calls.js";
import type { Module } from "./module.js";

/** The output shapes and the costs of the calls of one module. */
export interface ModuleCalls {
  /** The output shapes of each call. */
  readonly outputs: (readonly Shape[])[];
  /** The multiply-adds of its own matrix products, without those of the modules that it calls. */
  multiplyAdds: number;
}

/** Runs f and records the calls of modules. It computes no values for that. */
export function recordCalls(modules: readonly Module[], f: () => void): Map<Module, ModuleCalls> {
  const calls = new Map(
    modules.map((module): [Module, ModuleCalls] => [module, { outputs: [], multiplyAdds: 0 }]),
  );
  /** The modules whose `forward` is running, the innermost last. */
  const running: Module[] = [];
  const watch = (module: Module, forward: () => unknown): unknown => {
    const known = calls.get(module);
    // A layer may call its own `forward` again, with its input as a batch of one, or `super.forward`.
    if (known === undefined || running.at(-1) === module) return forward();
    running.push(module);
    try {
      const result = forward();
      known.outputs.push(shapesIn(result));
      return result;
    } finally {
      running.pop();
    }
  };
  watchForward(modules, watch, () => {
    trace(f, (node, times) => {
      const innermost = calls.get(running[running.length - 1]);
      if (innermost !== undefined) innermost.multiplyAdds += times * multiplyAddsOf(node);
    });
  });
  return calls;
}

/** `M · K · N` for every product of a batch of matrices [M, K] and [K, N]; 0 for any other operation. */
function multiplyAddsOf({ operation, shape }: Tensor["node"]): number {
  if (operation?.primitive !== "matmul") return 0;
  const [left] = operation.inputs;
  return shape.reduce((product, length) => product * length, left.shape[left.shape.length - 1]);
}

/** The shapes of all tensors in the result of a module: a tensor, or nested lists and records of tensors. */
function shapesIn(result: unknown): Shape[] {
  if (result instanceof Tensor) return [(result as Tensor).shape];
  return Array.isArray(result) || isPlainObject(result) ? Object.values(result).flatMap(shapesIn) : [];
}
