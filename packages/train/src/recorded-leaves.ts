import { variableOf } from "@stargrad/autograd";
import { formatShape, topologicalOrder, type Node, type Storage } from "@stargrad/graph";
import { ArgumentError, type TypedArray } from "@stargrad/tensor";

/** What stands in the place of an input while a step is recorded: it has no elements, and so none can be kept. */
export class InputPlace implements Storage {
  readonly byteLength: number;

  constructor(byteLength: number) {
    this.byteLength = byteLength;
  }

  read(): Promise<TypedArray> {
    return Promise.reject(this.#error());
  }

  readSync(): TypedArray {
    throw this.#error();
  }

  #error(): Error {
    return new ArgumentError(
      "trainStep",
      "what was built inside of a step that is recorded is read outside of it, where it has no value",
      "Return it among the results of `loss`, which are there after every step",
    );
  }
}

/** Whether a leaf is the current value of a variable. */
export function isCurrent(leaf: Node): boolean {
  return leaf.storage !== null && variableOf(leaf)?.elements === leaf.storage;
}

/**
 * What has to be computed before a step can be made a program: the nodes that the outputs use, were made before the first
 * of the step's own (`since`), and are still pending. No gradient passes through them, so they are constants to the step.
 *
 * Throws: ArgumentError if an output uses a node from before that a gradient would pass through, other than a variable as it
 * is now: the step could only go on with its value of this moment
 */
export function constantsOf(outputs: readonly Node[], since: number): Node[] {
  const constants: Node[] = [];
  topologicalOrder(outputs, (node) => {
    const isPending = node.storage === null;
    if (node.serial >= since) return isPending;
    if (node.tracked && !isCurrent(node)) throw strangerOf(node);
    if (isPending) constants.push(node);
    return false;
  });
  return constants;
}

function strangerOf(node: Node): ArgumentError {
  const variable = variableOf(node);
  const what =
    variable === undefined
      ? `a tensor of shape ${formatShape(node.shape)}${node.operation === null ? "" : `, the result of \`${node.operation.primitive}\``}, that was computed from parameters`
      : `a value that ${variable.description} ${formatShape(node.shape)} had`;
  return new ArgumentError(
    "trainStep",
    `the loss uses ${what} before the step was recorded; it would be the same at every step, and nothing would be learned through it`,
    "Compute it inside of `loss`, or take its `stopGradient()` if it is meant to stay as it is",
  );
}
