import {
  ArgumentError,
  createLeaf,
  createNode,
  HostStorage,
  type AttributesOf,
  type DType,
  type Node,
  type PrimitiveName,
  type Shape,
  type Storage,
  type TypedArray,
} from "@stargrad/graph";
import { overlong, recognizeCopies, refuseAssignments } from "@stargrad/graph/internal";
import { computedAnywhere, expectArray, lastingStorage, realizeNodes } from "./engine.js";
import { readElements } from "./late-failures.js";
import { expectFinite, noLength, noPrimitive } from "./conversions.js";
import { nest, type NestedArray } from "./nested.js";
import { formatTensor } from "./printing.js";
import { expectNoRecording, isRecording } from "./recording-state.js";

/**
 * A multi-dimensional array of numbers, computed lazily: when it is read.
 *
 * A tensor is a handle on a node of a graph. Calling an operation builds another node and computes nothing. Reading
 * (`data`, `item`, `toArray`, printing) computes the nodes that are needed, as one program. Values never change.
 *
 * `S` is the shape as far as it is known at compile time: `Tensor<[32, 784]>`, or plain `Tensor`.
 *
 * The operations (`x.add(y)`, `x.sum()`, …) are the functions of this package; methods.ts makes them methods.
 */
export class Tensor<S extends Shape = Shape> {
  static {
    recognizeCopies(this, "Tensor");
    const hint = "Set requiresGradient of a Parameter, or pass a function of the tensor to grad";
    refuseAssignments(this, "Tensor", ["requiresGrad", "requires_grad", "grad"], hint);
    refuseAssignments(this, "Tensor", ["data", "value"], "Call x.assign(value) of a parameter or a buffer");
    Object.defineProperty(this.prototype, "length", { get: noLength });
  }

  /** The node this handle refers to. Only variables change it. */
  protected current: Node;

  constructor(node: Node) {
    this.current = node;
  }

  /** The tensor's node in the graph. For engines, autograd and debugging. */
  get node(): Node {
    return this.current;
  }

  /** The length of each axis, outermost first. It is the list that the tensor itself uses, so copy it before you change it. */
  get shape(): Readonly<S> {
    // A node's shape is known only at run time; S is the shape that the operations' signatures state.
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

  /**
   * A copy of the elements, in row-major order.
   *
   * Throws: the error of the computation. If the engine is asynchronous, also that of an earlier step that failed and was undone,
   * and whose results nothing has read
   */
  async data(): Promise<TypedArray> {
    const storage = realized(this);
    const node = this.current;
    const elements = expectArray(await readElements(storage), this);
    // Elements that have arrived stay in host memory, where every engine can read them. A variable keeps its own storages.
    const hasArrived = storage.location === "host" && !storage.canReadSync && node.storage === storage;
    if (hasArrived && node.owner === null) node.materialize(new HostStorage(elements));
    return elements.slice();
  }

  /**
   * Like `data`, synchronously.
   *
   * Throws: ArgumentError if the elements are in the memory of an engine that is not synchronous
   */
  dataSync(): TypedArray {
    return expectArray(realized(this).readSync(), this).slice();
  }

  /**
   * The only element, as a number (a bool is 0 or 1).
   *
   * Throws: ArgumentError unless there is exactly one element
   */
  async item(): Promise<number> {
    return onlyElement(this, await this.data());
  }

  /** Like `item`, synchronously. Throws as `dataSync` does. */
  itemSync(): number {
    return onlyElement(this, this.dataSync());
  }

  /** The elements in nested arrays, `[[1, 2], [3, 4]]`; the number itself for a scalar. */
  async toArray(): Promise<NestedArray> {
    return nest(elementsOf(this, await this.data()), this.shape);
  }

  /** Like `toArray`, synchronously. Throws as `dataSync` does. */
  toArraySync(): NestedArray {
    return nest(elementsOf(this, this.dataSync()), this.shape);
  }

  /**
   * The elements as NumPy prints them, summarized when there are more than 1000. Only shape and type if the elements cannot
   * be read synchronously.
   */
  toString(): string {
    if (!realized(this).canReadSync) {
      return `tensor(…, shape [${this.shape.join(", ")}], ${this.dtype}; await data() to read it)`;
    }
    return formatTensor(expectArray(realized(this).readSync(), this), this.shape, this.dtype);
  }

  /**
   * The elements in nested arrays, for `JSON.stringify`. `tensor(JSON.parse(text))` is the reverse, apart from the element type.
   *
   * Throws: ArgumentError if an element is NaN or infinite; as `dataSync` does
   */
  toJSON(): NestedArray {
    expectFinite(this.dataSync());
    return this.toArraySync();
  }

  /**
   * Templates, `${x}`, and `String(x)` print the elements.
   *
   * Throws: ArgumentError for any other conversion, such as `x + y`, `x == 1` and `Number(x)`
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw noPrimitive(hint);
  }

  /** Used by `console.log` in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Applies a primitive to tensors whose shapes and types it accepts. Every operation of this package ends in this call. */
export function apply<P extends PrimitiveName>(
  primitive: P,
  inputs: readonly Tensor[],
  attributes: AttributesOf<P>,
): Tensor {
  const operands = inputs.map((input) => input.node);
  const computedFirst = overlong(operands);
  if (computedFirst.length > 0) realizeNodes(computedFirst);
  try {
    return new Tensor(createNode(primitive, operands, attributes));
  } catch (error) {
    noteRefusal(error);
    throw error;
  }
}

/** The error that a function last threw because it refused its arguments, and not while it computed. */
let refusal: unknown;

export function noteRefusal(error: unknown): void {
  refusal = error;
}

export function isRefusal(error: unknown): boolean {
  return error === refusal;
}

/** Materializes several tensors as one program. Does nothing while a function is recorded. */
export function realize(...tensors: readonly Tensor[]): void {
  if (isRecording()) return;
  realizeNodes(tensors.map((tensor) => tensor.node));
}

/**
 * The elements of a tensor if they can be read without computing or waiting; else `null`. For argument checks that run as
 * early as possible. The array is not a copy: the caller must not write to it.
 */
export function knownData({ node }: Tensor): TypedArray | null {
  return node.storage?.canReadSync === true && !isRecording() ? node.storage.readSync() : null;
}

/**
 * The value that a tensor has now, as a tensor without history. Later updates do not change it if the tensor is a variable: its
 * elements are in memory that is not reused.
 */
export function snapshot(x: Tensor): Tensor {
  expectNoRecording("snapshot", "a tensor is computed");
  realizeNodes([x.node]);
  return new Tensor(createLeaf(x.shape, x.dtype, lastingStorage(x.node)));
}

/**
 * The tensor itself, or a tensor with its value, computed now by the reference engine, if the current engine lacks an element
 * type or is not synchronous: see `computedAnywhere`.
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
