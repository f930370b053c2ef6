import { ArgumentError, DTypeError, isFloat, type Node } from "@stargrad/graph";
import { handleRejections, writeValue } from "@stargrad/graph/internal";
import { mapTree, Tensor, type Tree } from "@stargrad/tensor";
import { identity } from "./custom-rule.js";

/**
 * The tree with a new tracked node for every tensor, so that gradients with respect to it can be computed, also if it is
 * plain data. The nodes are added to `targets`.
 */
export function track<T extends Tree>(called: string, tree: T, targets: Set<Node>): T {
  return mapTree(
    tree,
    ({ node, dtype }: Tensor): Tensor => {
      if (!isFloat(dtype)) {
        throw new DTypeError(called, `got an input of ${dtype}; expected float32 or float64`);
      }
      const tracked = identity(node, true);
      targets.add(tracked);
      return new Tensor(tracked);
    },
    called,
  );
}

/** The result of a user's function. Throws: ArgumentError unless it is a tensor */
export function tensorFrom(called: string, result: unknown): Tensor {
  if (result instanceof Tensor) return result as Tensor;
  handleRejections(result);
  const got = writeValue(result);
  const hint = got === "a promise" ? "The function cannot be async" : undefined;
  throw new ArgumentError(called, `the function returned ${got}; expected a tensor`, hint);
}

/** The arguments of a call with one of them replaced by another of its type. */
export function withArgument<Inputs extends readonly Tree[]>(
  inputs: Inputs,
  index: number,
  argument: Tree,
): Inputs {
  // A tuple stays a tuple of the same types, but `map` only promises an array.
  return inputs.map((input, i) => (i === index ? argument : input)) as unknown as Inputs;
}
