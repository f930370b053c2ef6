import { variableOf } from "@stargrad/autograd/internal";
import { createLeaf, formatShape, type Node, type Storage } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { ArgumentError, Tensor, type TypedArray } from "@stargrad/tensor";
import { isRecording } from "@stargrad/tensor/internal";

/** A placeholder for an input while a function is recorded. It has no elements, so a recording cannot keep them as constants. */
export function inputPlace(called: string, { shape, dtype, node }: Tensor): Tensor {
  return new Tensor(createLeaf(shape, dtype, new InputPlaceholder(called, node.storage?.byteLength ?? 0)));
}

class InputPlaceholder implements Storage {
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
        "Create parameters and buffers outside of the function, and assign to them inside",
      );
    }
    return new ArgumentError(
      this.#called,
      "a tensor that was built inside of a recorded function is read outside of it, where it has no value",
      "Return it from the function: results have a value after every call. Create parameters and buffers outside of the function",
    );
  }
}

/** Whether a leaf is the current value of a variable. */
export function isCurrent(leaf: Node): boolean {
  return leaf.storage !== null && variableOf(leaf)?.elements === leaf.storage;
}

/**
 * The constants of a recorded function that must be computed before its program is prepared: pending nodes that the outputs
 * depend on and that existed before the function was called (their serial is below `since`). No gradient passes through them.
 *
 * Throws: ArgumentError if an output depends on an earlier node that is tracked and not the current value of a variable: the
 * program would use its value of this moment at every call
 */
export function constantsOf(called: string, outputs: readonly Node[], since: number): Node[] {
  const constants: Node[] = [];
  topologicalOrder(outputs, (node) => {
    const isPending = node.storage === null;
    if (node.serial >= since) return isPending;
    if (node.tracked && !isCurrent(node)) throw outsideValueError(called, node);
    if (isPending) constants.push(node);
    return false;
  });
  return constants;
}

function outsideValueError(called: string, node: Node): ArgumentError {
  const variable = variableOf(node);
  const what =
    variable === undefined
      ? `a tensor of shape ${formatShape(node.shape)}${node.operation === null ? "" : `, the result of \`${node.operation.primitive}\``}, that was computed from parameters`
      : `a value that ${variable.description} ${formatShape(node.shape)} had`;
  return new ArgumentError(
    called,
    `the function uses ${what} before it was recorded; every call would use this same value, and no gradient would pass through it`,
    "Compute it inside of the function, pass it as an input, or use its `detach()` if the value is meant to stay the same",
  );
}
