import {
  ArgumentError,
  createLeaf,
  createNode,
  type AttributesOf,
  type DType,
  type Node,
  type PrimitiveName,
  type Shape,
  type Storage,
  type TypedArray,
} from "@stargrad/graph";
import { overlong } from "@stargrad/graph/internal";
import { computedAnywhere, lastingStorage, realizeNodes } from "./engine.js";
import { nest, type NestedArray } from "./nested.js";
import { formatTensor } from "./printing.js";
import { expectNoRecording, isRecording } from "./recording-state.js";

/**
 * A multi-dimensional array of numbers, computed when it is read.
 *
 * A tensor is a handle on a node of a graph: calling an operation builds another node and computes nothing. Reading
 * (`data`, `item`, `toArray`, printing) computes what is needed, as one program. Values never change.
 *
 * `S` is the shape as far as TypeScript can know it: `Tensor<[32, 784]>`, or plain `Tensor`.
 *
 * The operations (`x.add(y)`, `x.sum()`, …) are the functions of this package; methods.ts makes them methods.
 */
export class Tensor<S extends Shape = Shape> {
  /** The node this handle stands for. Only a variable ever changes it. */
  protected current: Node;

  constructor(node: Node) {
    this.current = node;
  }

  /** What the tensor is in the graph. For engines, autograd and the curious. */
  get node(): Node {
    return this.current;
  }

  /** The length of each axis, outermost first. */
  get shape(): Readonly<S> {
    // A node's shape is only known at run time; S repeats what the operations promise about it.
    return this.current.shape as S;
  }

  get dtype(): DType {
    return this.current.dtype;
  }

  /** The number of axes. */
  get ndim(): number {
    return this.current.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return this.current.shape.reduce((size, length) => size * length, 1);
  }

  /** The elements, row-major, in an array of the caller's own. */
  async data(): Promise<TypedArray> {
    return (await realized(this).read()).slice();
  }

  /**
   * Like `data`, at once.
   *
   * Throws: ArgumentError if the elements are in the memory of an engine that is not synchronous
   */
  dataSync(): TypedArray {
    return realized(this).readSync().slice();
  }

  /**
   * The only element, as a number (a bool is 0 or 1).
   *
   * Throws: ArgumentError unless there is exactly one element
   */
  async item(): Promise<number> {
    return onlyElement(this, await this.data());
  }

  /** Like `item`, at once, as `dataSync`. */
  itemSync(): number {
    return onlyElement(this, this.dataSync());
  }

  /** The elements in nested arrays, `[[1, 2], [3, 4]]`; a scalar is just its number. */
  async toArray(): Promise<NestedArray> {
    return nest(elementsOf(this, await this.data()), this.shape);
  }

  /** Like `toArray`, at once, as `dataSync`. */
  toArraySync(): NestedArray {
    return nest(elementsOf(this, this.dataSync()), this.shape);
  }

  /**
   * The elements as NumPy prints them, shortened in the middle when there are many. Where they cannot be read at once, shape
   * and type alone.
   */
  toString(): string {
    if (!realized(this).canReadSync) {
      return `tensor(…, shape [${this.shape.join(", ")}], ${this.dtype}; await data() to read it)`;
    }
    return formatTensor(this.dataSync(), this.shape, this.dtype);
  }

  /** What `console.log` prints in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Applies a primitive to tensors that already fit it. Every operation of this package ends here. */
export function apply<P extends PrimitiveName>(
  primitive: P,
  inputs: readonly Tensor[],
  attributes: AttributesOf<P>,
): Tensor {
  const operands = inputs.map((input) => input.node);
  const computedFirst = overlong(operands);
  if (computedFirst.length > 0) realizeNodes(computedFirst);
  return new Tensor(createNode(primitive, operands, attributes));
}

/** Computes several tensors as one program and keeps their elements. While a function is recorded it does nothing. */
export function realize(...tensors: readonly Tensor[]): void {
  if (isRecording()) return;
  realizeNodes(tensors.map((tensor) => tensor.node));
}

/**
 * The elements of a tensor if they are there to be looked at, without computing anything and without waiting; else `null`. For checks
 * that are made early where they can be. Whoever changes the array changes the tensor.
 */
export function knownData({ node }: Tensor): TypedArray | null {
  return node.storage?.canReadSync === true && !isRecording() ? node.storage.readSync() : null;
}

/**
 * The value that a tensor has now, whatever becomes of the variable that it may be: its elements where nobody writes over them, as a
 * tensor without history.
 */
export function snapshot(x: Tensor): Tensor {
  expectNoRecording("snapshot", "a tensor is computed");
  realizeNodes([x.node]);
  return new Tensor(createLeaf(x.shape, x.dtype, lastingStorage(x.node)));
}

/**
 * The tensor, or one with its value that the reference engine has computed now if the current engine could not compute it or be
 * read at once: see `computedAnywhere`.
 */
export function onAnyEngine(x: Tensor): Tensor {
  const node = computedAnywhere(x.node);
  return node === x.node ? x : new Tensor(node);
}

function realized(tensor: Tensor): Storage {
  expectNoRecording("data", "a tensor is read");
  const { node } = tensor;
  realizeNodes([node]);
  if (node.storage === null) throw new Error("the engine returned no elements for a tensor that was read");
  return node.storage;
}

function onlyElement(tensor: Tensor, data: TypedArray): number {
  if (data.length === 1) return data[0];
  throw new ArgumentError(
    "item",
    `got a tensor of shape [${tensor.shape.join(", ")}] with ${data.length} elements; expected exactly one`,
    "Reduce it first (x.mean()), or read x.data()",
  );
}

function elementsOf(tensor: Tensor, data: TypedArray): ArrayLike<number | boolean> {
  return tensor.dtype === "bool" ? Array.from(data, (value) => value === 1) : data;
}
