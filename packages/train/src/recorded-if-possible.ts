import { jit } from "@stargrad/jit";
import type { Tree } from "@stargrad/tensor";

/**
 * A function that records f if possible. If f reads values or branches on them, it cannot be recorded, and all further calls
 * execute f directly.
 */
export function recordedIfPossible<Inputs extends readonly Tree[], Results extends Tree>(
  f: (...inputs: Inputs) => Results,
): (...inputs: Inputs) => Results {
  // The recorded function accepts all inputs of f, and also numbers instead of tensors.
  const recorded = jit(f as unknown as (...inputs: never[]) => Results) as unknown as typeof f;
  let isPossible = true;
  return (...inputs) => {
    if (!isPossible) return f(...inputs);
    try {
      return recorded(...inputs);
    } catch {
      // If the inputs are invalid, this call throws the error.
      const results = f(...inputs);
      isPossible = false;
      return results;
    }
  };
}
