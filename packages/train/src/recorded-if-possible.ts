import { jit } from "@stargrad/jit";
import type { Tree } from "@stargrad/tensor";

/**
 * A function that does what f does, recorded if it can be. One that reads values, or chooses by them, is called as it is from
 * then on.
 */
export function recordedIfPossible<Inputs extends readonly Tree[], Results extends Tree>(
  f: (...inputs: Inputs) => Results,
): (...inputs: Inputs) => Results {
  // It takes all that f takes, and numbers besides.
  const recorded = jit(f as unknown as (...inputs: never[]) => Results) as unknown as typeof f;
  let isPossible = true;
  return (...inputs) => {
    if (!isPossible) return f(...inputs);
    try {
      return recorded(...inputs);
    } catch {
      // What is wrong with the inputs is wrong here too, and is said by this call.
      const results = f(...inputs);
      isPossible = false;
      return results;
    }
  };
}
