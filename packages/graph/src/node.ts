import { isFloat, type DType } from "./dtype.js";
import type { Storage } from "./engine.js";
import { NodeNumbers } from "./node-numbers.js";
import { ArgumentError, ShapeError, StaleValueError } from "./errors.js";
import type { Signature, TensorType } from "./primitive.js";
import { primitives, type AttributesOf, type PrimitiveName } from "./primitives.js";
import { formatShape, type Shape } from "./shape.js";

/** A primitive applied to inputs. */
export type Operation = {
  [P in PrimitiveName]: {
    readonly primitive: P;
    readonly inputs: readonly Node[];
    readonly attributes: AttributesOf<P>;
  };
}[PrimitiveName];

const none: readonly Node[] = [];

/** What had a value that is gone. */
export interface ValueOwner {
  /** What errors call it. */
  readonly description: string;
}

/**
 * A value in the graph: known by its elements (a leaf), by how to compute them, or by both.
 *
 * The graph is also the tape. A node that depends on something a gradient may be asked for is `tracked` and keeps its
 * operation after it has been computed; any other node becomes a leaf, so that its history can be collected.
 */
export class Node {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether a gradient may be asked for through this node. */
  readonly tracked: boolean;
  /** Nodes that are computed and kept as soon as any of them is: this one among them, unless there are none. */
  companions: readonly Node[] = none;
  /** For `NodeNumbers` alone: the walk that has met the node last, and the number that it has there. */
  walk = 0;
  place = 0;
  #operation: Operation | null;
  #storage: Storage | null;
  #depth: number;
  #owner: ValueOwner | null = null;

  constructor(
    type: { readonly shape: Shape; readonly dtype: DType },
    origin: { readonly operation?: Operation; readonly storage?: Storage; readonly tracked: boolean },
  ) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.tracked = origin.tracked;
    this.#operation = origin.operation ?? null;
    this.#storage = origin.storage ?? null;
    this.#depth = origin.operation === undefined ? 0 : 1 + depthOf(origin.operation.inputs);
    observer?.(this);
  }

  /** How to compute the elements; `null` for a leaf. */
  get operation(): Operation | null {
    return this.#operation;
  }

  /** The elements; `null` while they have not been computed. */
  get storage(): Storage | null {
    return this.#storage;
  }

  /** How many operations in a row have to run before the elements are there; 0 once they are. */
  get depth(): number {
    return this.#depth;
  }

  /** Keeps computed elements. From here on the node is a leaf, unless a gradient may still pass through it. */
  settle(storage: Storage): void {
    this.#storage = storage;
    this.#depth = 0;
    this.companions = none;
    if (!this.tracked) this.#operation = null;
  }

  /** Whose value a leaf was before it was released; `null` while its elements are there. */
  get owner(): ValueOwner | null {
    return this.#owner;
  }

  /** Lets the elements of a leaf go. What has not been computed from them by now never will be, and says so. */
  release(owner: ValueOwner): void {
    this.#storage = null;
    this.#owner = owner;
  }
}

/**
 * What stands for a value in the body of a loop: another one at every iteration, and none at all outside of the loop. A
 * gradient may be asked for through it wherever it is a real number.
 */
export class Placeholder extends Node {
  constructor(type: TensorType) {
    super(type, { tracked: isFloat(type.dtype) });
  }
}

/** Told of every node that is made. */
export type NodeObserver = (node: Node) => void;

let observer: NodeObserver | null = null;

/** Chooses who is told of every node from here on, or nobody; returns who was told before. */
export function observeNodes(next: NodeObserver | null): NodeObserver | null {
  const previous = observer;
  observer = next;
  return previous;
}

/** A node whose elements are known. */
export function createLeaf(
  shape: Shape,
  dtype: DType,
  storage: Storage,
  { tracked = false }: { readonly tracked?: boolean } = {},
): Node {
  return new Node({ shape, dtype }, { storage, tracked });
}

/**
 * Applies a primitive: checks the inputs and infers shape and element type, and computes nothing yet.
 *
 * Throws: ShapeError or DTypeError if the inputs do not fit.
 */
export function createNode<P extends PrimitiveName>(
  name: P,
  inputs: readonly Node[],
  attributes: AttributesOf<P>,
): Node {
  const primitive: Signature = primitives[name];
  const expected = primitive.arity;
  if (expected === "any" ? inputs.length === 0 : inputs.length !== expected) {
    throw new ShapeError(
      name,
      `got ${inputs.length} inputs; expected ${expected === "any" ? "at least 1" : expected}`,
    );
  }
  const type = { shape: primitive.shape(inputs, attributes), dtype: primitive.dtype(inputs, attributes) };
  // The compiler cannot see that name and attributes belong together once P is generic; the signature says so.
  const operation = { primitive: name, inputs, attributes } as unknown as Operation;
  const differentiable = name !== "stopGradient" && isFloat(type.dtype);
  return new Node(type, { operation, tracked: differentiable && inputs.some((input) => input.tracked) });
}

/**
 * Every node that the roots depend on, inputs before outputs, going only through nodes for which `enter` holds.
 * Without recursion: a graph may be deeper than the stack. Neither `enter` nor `inputsOf` may begin another walk through
 * the same nodes.
 */
export function topologicalOrder(
  roots: readonly Node[],
  enter: (node: Node) => boolean,
  inputsOf: (node: Node) => readonly Node[] = operands,
): Node[] {
  const order: Node[] = [];
  const visited = new NodeNumbers();
  // The path to the node that the walk is at: nodes, what they depend on, and which of that is next. Three lists cost less than
  // an object for each node.
  const path: Node[] = [];
  const inputs: (readonly Node[])[] = [];
  const next: number[] = [];
  const visit = (node: Node): void => {
    if (visited.has(node) || !enter(node)) return;
    visited.set(node, 0);
    path.push(node);
    inputs.push(inputsOf(node));
    next.push(0);
  };
  for (const root of roots) {
    visit(root);
    while (path.length > 0) {
      const top = path.length - 1;
      const place = next[top];
      if (place < inputs[top].length) {
        next[top] = place + 1;
        visit(inputs[top][place]);
      } else {
        order.push(path[top]);
        path.pop();
        inputs.pop();
        next.pop();
      }
    }
  }
  return order;
}

/**
 * The nodes that have to be computed before the elements of these are there, and their companions with them, in an order
 * that works.
 *
 * Throws: StaleValueError if they depend on a value that its variable no longer has; ArgumentError if they depend on what
 * is only inside of a loop
 */
export function pendingNodes(nodes: readonly Node[]): Node[] {
  const roots = [...nodes];
  const groups = new Set<readonly Node[]>();
  const order = topologicalOrder(roots, (node) => {
    if (node.storage !== null) return false;
    if (node.companions.length > 0 && !groups.has(node.companions)) {
      groups.add(node.companions);
      // The walk goes on to roots that join while it is under way.
      for (const companion of node.companions) roots.push(companion);
    }
    return true;
  });
  for (const node of order) {
    if (node.owner !== null) throw staleValue(node.owner, node.shape);
    if (node instanceof Placeholder) throw leaked(node);
  }
  return order;
}

function leaked({ shape, dtype }: Placeholder): ArgumentError {
  return new ArgumentError(
    "realize",
    `needs a value ${dtype} ${formatShape(shape)} of the function that scan loops over, which has another one at every iteration and none outside`,
    "Return what you need from the function, as a part of the carry or of y",
  );
}

function staleValue({ description }: ValueOwner, shape: Shape): StaleValueError {
  return new StaleValueError(
    "realize",
    `needs the value that ${description} ${formatShape(shape)} had before its last two updates; only its current and its previous value are kept`,
    "Read or realize a tensor before the variables it was computed from are updated twice",
  );
}

function operands(node: Node): readonly Node[] {
  return node.operation?.inputs ?? none;
}

function depthOf(inputs: readonly Node[]): number {
  let depth = 0;
  for (const input of inputs) depth = Math.max(depth, input.depth);
  return depth;
}
