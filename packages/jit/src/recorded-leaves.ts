import { variableOf } from "@stargrad/autograd/internal";
import { createLeaf, formatShape, type Node, type Storage } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { ArgumentError, Tensor, type TypedArray } from "@stargrad/tensor";
import { isRecording } from "@stargrad/tensor/internal";

/** A tensor in the place of an input while a function is recorded: it has no elements, and so none can be kept. */
export function inputPlace(called: string, { shape, dtype, node }: Tensor): Tensor {
  return new Tensor(createLeaf(shape, dtype, new InputPlace(called, node.storage?.byteLength ?? 0)));
}

class InputPlace implements Storage {
  readonly byteLength: number;
  readonly location = "host";
  readonly canReadSync = false;
  readonly #called: string;

  constructor(called: string, byteLength: number) {
    this.#called = called;
    this.byteLength = byteLength;
  }

  read(): Promise<TypedArray> {
    return Promise.reject(this.#error());
  }

  readSync(): TypedArray {
    throw this.#error();
  }

  #error(): Error {
    if (isRecording()) {
      return new ArgumentError(
        this.#called,
        "an input is read inside of the function that is recorded, where it has no value",
        "Make parameters and buffers outside of the function, and assign to them inside",
      );
    }
    return new ArgumentError(
      this.#called,
      "what was built inside of a function that is recorded is read outside of it, where it has no value",
      "Return it from the function, among its results: these are there after every call",
    );
  }
}

/** Whether a leaf is the current value of a variable. */
export function isCurrent(leaf: Node): boolean {
  return leaf.storage !== null && variableOf(leaf)?.elements === leaf.storage;
}

/**
 * What has to be computed before a function can be made a program: the nodes that the outputs use, were made before the first
 * of the function's own (`since`), and are still pending. No gradient passes through them, so they are constants to it.
 *
 * Throws: ArgumentError if an output uses a node from before that a gradient would pass through, other than a variable as it
 * is now: the program could only go on with its value of this moment
 */
export function constantsOf(called: string, outputs: readonly Node[], since: number): Node[] {
  const constants: Node[] = [];
  topologicalOrder(outputs, (node) => {
    const isPending = node.storage === null;
    if (node.serial >= since) return isPending;
    if (node.tracked && !isCurrent(node)) throw strangerOf(called, node);
    if (isPending) constants.push(node);
    return false;
  });
  return constants;
}

function strangerOf(called: string, node: Node): ArgumentError {
  const variable = variableOf(node);
  const what =
    variable === undefined
      ? `a tensor of shape ${formatShape(node.shape)}${node.operation === null ? "" : `, the result of \`${node.operation.primitive}\``}, that was computed from parameters`
      : `a value that ${variable.description} ${formatShape(node.shape)} had`;
  return new ArgumentError(
    called,
    `the function uses ${what} before it was recorded; it would be the same at every call, and nothing would be learned through it`,
    "Compute it inside of the function, pass it as an input, or take its `stopGradient()` if it is meant to stay as it is",
  );
}
