import { Tensor, trace, type Shape } from "@stargrad/tensor";
import type { Module } from "./module.js";

/** What the calls of one module did. */
export interface ModuleCalls {
  /** The shapes of what each call returned. */
  readonly outputs: (readonly Shape[])[];
  /** Those of its own matrix products, and not of the modules that it called. */
  multiplyAdds: number;
}

/** Runs f and records the calls of modules in it. Nothing is computed for that. */
export function recordCalls(modules: readonly Module[], f: () => void): Map<Module, ModuleCalls> {
  const calls = new Map(
    modules.map((module): [Module, ModuleCalls] => [module, { outputs: [], multiplyAdds: 0 }]),
  );
  /** The modules whose `forward` is running, the innermost last. */
  const running: Module[] = [];
  const restores = [...calls].map(([module, { outputs }]) =>
    watchForward(module, (forward) => {
      // A layer may call itself with its input as a batch of one.
      if (running.at(-1) === module) return forward();
      running.push(module);
      try {
        const result = forward();
        outputs.push(shapesIn(result));
        return result;
      } finally {
        running.pop();
      }
    }),
  );
  try {
    trace(f, (node, times) => {
      const innermost = calls.get(running[running.length - 1]);
      if (innermost !== undefined) innermost.multiplyAdds += times * multiplyAddsOf(node);
    });
  } finally {
    for (const restore of restores) restore();
  }
  return calls;
}

/** Has every call of a module's `forward` go through `around`, until what is returned is called. */
function watchForward(module: Module, around: (forward: () => unknown) => unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const forward = module.forward.bind(module);
  // Not enumerable, so that it is not taken for one of the module's fields.
  Object.defineProperty(module, "forward", {
    value: (...inputs: never[]) => around(() => forward(...inputs)),
    configurable: true,
  });
  return () => {
    if (own === undefined) Reflect.deleteProperty(module, "forward");
    else Object.defineProperty(module, "forward", own);
  };
}

/** `M · K · N` for every product of a batch of matrices [M, K] and [K, N]; 0 for any other operation. */
function multiplyAddsOf({ operation, shape }: Tensor["node"]): number {
  if (operation?.primitive !== "matmul") return 0;
  const [left] = operation.inputs;
  return shape.reduce((product, length) => product * length, left.shape[left.shape.length - 1]);
}

/** The shapes of all tensors in what a module returned: a tensor, or a list or record of what it names. */
function shapesIn(result: unknown): Shape[] {
  if (result instanceof Tensor) return [(result as Tensor).shape];
  const isPlain = Array.isArray(result) || Object.getPrototypeOf(result ?? 0) === Object.prototype;
  return isPlain ? Object.values(result as object).flatMap(shapesIn) : [];
}
