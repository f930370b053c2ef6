import { recognizeCopies, shared } from "./copies.js";
import { isFloat, type DType } from "./dtype.js";
import { ArgumentError, ShapeError } from "./errors.js";
import { NodeNumbers, type Numbered } from "./node-numbers.js";
import type { Signature, TensorType } from "./primitive.js";
import { primitives, type PrimitiveName, type RowAttributes } from "./primitives.js";
import type { ScanAttributes } from "./primitives/scan.js";
import type { Shape } from "./shape.js";
import type { Storage } from "./storage.js";
import { version } from "./version.js";

/** The computation of one iteration of a loop, an attribute of the loop's operation. `LoopBody` implements it. */
export interface LoopGraph {
  /** Formals with the same value in every iteration. */
  readonly constants: readonly Node[];
  /** Formals whose values come from the previous iteration. */
  readonly carries: readonly Node[];
  /** Formals for the current iteration's slice of each sequence. */
  readonly sequences: readonly Node[];
  /** The next value of each carry. */
  readonly next: readonly Node[];
  /** Further results of each iteration. A gradient may append results; existing results keep their index. */
  readonly results: readonly Node[];
  /** All nodes created in the body that depend on a carry or a sequence, inputs before outputs. */
  readonly inside: ReadonlySet<Node>;
  /** Adds a node to the results, unless it is one already; returns its index among them. */
  addResult(node: Node): number;
  /** The nodes that compute `wanted` from the formals, inputs before outputs, without the formals. */
  order(wanted: readonly Node[]): Node[];
}

/** The attributes of the primitive with this name. The body of a loop is a graph of nodes. */
export type AttributesOf<P extends PrimitiveName> = P extends "scan"
  ? ScanAttributes<LoopGraph>
  : RowAttributes<P>;

/** A primitive applied to inputs. */
export type Operation = {
  [P in PrimitiveName]: {
    readonly primitive: P;
    readonly inputs: readonly Node[];
    readonly attributes: AttributesOf<P>;
  };
}[PrimitiveName];

const none: readonly Node[] = [];

/** JavaScript engines show this text in the error. */
const notCloneable = Symbol(
  "a tensor: send { data: await x.data(), shape: x.shape } instead, and make it again with fromData(data, shape)",
);

const state = /* @__PURE__ */ shared("nodes", () => ({
  /** The number of nodes created so far. */
  made: 0,
  /** Whether histories are counted: see `withoutHistory`. */
  counting: true,
  observer: null as NodeObserver | null,
}));

/** An object, such as a variable, whose successive values are represented by nodes. */
export interface ValueOwner {
  /** Its name in errors. */
  readonly description: string;
  /** The error of the program that should have computed the value, if it failed after it was started. */
  readonly failure?: Error;
}

/**
 * A value in the graph. It has elements (a leaf), an operation that computes them, or both.
 *
 * The graph is also the tape of autograd. A node that depends on a value that requires a gradient is `tracked` and keeps its
 * operation after it has been computed; any other computed node becomes a leaf, so that its history can be garbage-collected.
 */
export class Node implements Numbered {
  static {
    recognizeCopies(this, "Node");
  }

  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether gradients may flow through this node. */
  readonly tracked: boolean;
  /** The number of nodes created before this one. */
  readonly serial: number;
  /** Makes `structuredClone` and `postMessage` throw: a copy would have no elements. */
  readonly notCloneable = notCloneable;
  /** Only `NodeNumbers` uses these two fields. */
  walk = 0;
  walkNumber = 0;
  #coOutputs: readonly Node[] = none;
  #operation: Operation | null;
  #storage: Storage | null;
  #history: number;
  #oldest: number;
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
    this.serial = state.made++;
    this.#oldest = this.serial;
    this.#history = origin.tracked || origin.operation === undefined ? 0 : this.#add(origin.operation.inputs);
    state.observer?.(this);
  }

  /** Nodes that are materialized whenever this node is computed, even if this node itself is not stored. */
  get coOutputs(): readonly Node[] {
    return this.#coOutputs;
  }

  /** Appends co-outputs. */
  addCoOutputs(nodes: readonly Node[]): void {
    this.#coOutputs = this.#coOutputs.length === 0 ? nodes : [...this.#coOutputs, ...nodes];
  }

  /** How to compute the elements; `null` for a leaf. */
  get operation(): Operation | null {
    return this.#operation;
  }

  /** The elements; `null` while they have not been computed. */
  get storage(): Storage | null {
    return this.#storage;
  }

  /**
   * The number of pending, untracked operations that it depends on, including itself, and without those that were built
   * `withoutHistory`. 0 for a computed node, and for a tracked node, because gradients may still need its operations.
   */
  get history(): number {
    return this.#storage === null ? this.#history : 0;
  }

  /** The version of Stargrad that it belongs to. */
  get version(): string {
    return version;
  }

  /** The serial of the oldest operation in its history. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Counts its history exactly. Before this call, an operation may be counted once for each path to it. */
  recountHistory(): number {
    this.#history = topologicalOrder([this], ({ history }) => history > 0).length;
    return this.history;
  }

  /** Stores computed elements. An untracked node becomes a leaf; a tracked node keeps its operation. */
  materialize(storage: Storage): void {
    this.#storage = storage;
    this.#coOutputs = none;
    if (!this.tracked) this.#operation = null;
  }

  /**
   * Makes a computed node pending again, with this operation and these co-outputs. Called when the program that computes its
   * elements fails after it was started.
   */
  restoreOperation(operation: Operation | null, coOutputs: readonly Node[] = none): void {
    this.#storage = null;
    this.#operation = operation;
    this.#coOutputs = coOutputs;
  }

  /** The owner of this value, or its former owner; `null` if it has none. */
  get owner(): ValueOwner | null {
    return this.#owner;
  }

  /** Sets the owner of this value. */
  belongTo(owner: ValueOwner): void {
    this.#owner = owner;
  }

  /** Drops the elements of a leaf of this owner. Pending nodes that depend on it throw a StaleValueError when they are computed. */
  release(owner: ValueOwner): void {
    this.#storage = null;
    this.#owner = owner;
  }

  /** Adds the histories of its inputs; returns the length of its own, with this operation. */
  #add(inputs: readonly Node[]): number {
    let sum = 0;
    let longest = 0;
    for (const input of inputs) {
      const { history } = input;
      if (history === 0) continue;
      sum += history;
      if (history > longest) longest = history;
      if (input.oldest < this.#oldest) this.#oldest = input.oldest;
    }
    // The sum counts a node once for each path to it. The number of nodes created since the oldest is an upper bound.
    return state.counting ? Math.min(sum, this.serial - this.#oldest) + 1 : longest;
  }
}

/** The number of nodes created so far, which is the serial of the next node. */
export function nodesMade(): number {
  return state.made;
}

/**
 * Runs f without counting its nodes in histories. Use it for graphs that are built as a whole, whatever their size, such as the
 * gradients of a loss. Histories are for graphs that a loop extends turn by turn until they are read.
 */
export function withoutHistory<T>(f: () => T): T {
  const outer = state.counting;
  state.counting = false;
  try {
    return f();
  } finally {
    state.counting = outer;
  }
}

/**
 * The longest history that stays pending. A longer one is computed early, so that the graph of, for example, a running sum over
 * thousands of steps stays small.
 */
export const historyBound = 2000;

/**
 * The operands of an operation whose history exceeds `historyBound`, which should be computed before they are used further.
 *
 * Throws: StargradError if an operand is of another version of Stargrad
 */
export function overlong(nodes: readonly Node[]): readonly Node[] {
  let longest = 0;
  for (const node of nodes) {
    // Much faster than `instanceof`, in a function that every operation calls.
    if (node.version !== version) expectNode("overlong", node);
    const { history } = node;
    if (history > longest) longest = history;
  }
  if (longest <= historyBound || !state.counting) return none;
  return nodes.filter((node) => node.history > historyBound && node.recountHistory() > historyBound);
}

/**
 * Represents a value in the body of a loop that differs in every iteration and does not exist outside the loop. It is tracked if
 * its element type is a float.
 */
export class Placeholder extends Node {
  static {
    recognizeCopies(this, "Placeholder");
  }

  constructor(type: TensorType) {
    super(type, { tracked: isFloat(type.dtype) });
  }
}

/** Called with every node that is created. */
export type NodeObserver = (node: Node) => void;

/** Sets the function that is called with every new node; `null` for none. Returns the previous one. */
export function observeNodes(next: NodeObserver | null): NodeObserver | null {
  const previous = state.observer;
  state.observer = next;
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
 * The fields of each row that `createNode` reads, copied into objects of one hidden class. The rows themselves have different
 * hidden classes, and a JavaScript engine repeatedly deoptimizes code that reads many of them.
 * `Object.fromEntries` loses the names, so the type is asserted.
 */
const signatures = Object.fromEntries(
  Object.entries<Signature>(primitives).map(([name, row]) => [
    name,
    { arity: row.arity, shape: row.shape.bind(row), dtype: row.dtype.bind(row) },
  ]),
) as unknown as Readonly<Record<PrimitiveName, Pick<Signature, "arity" | "shape" | "dtype">>>;

/**
 * Applies a primitive: checks the inputs and infers shape and element type, but does not compute the elements.
 *
 * Throws: ShapeError or DTypeError if the inputs do not fit.
 */
export function createNode<P extends PrimitiveName>(
  name: P,
  inputs: readonly Node[],
  attributes: AttributesOf<P>,
): Node {
  const { arity: expected, shape, dtype } = signatures[name];
  if (expected === "any" ? inputs.length === 0 : inputs.length !== expected) {
    throw new ShapeError(
      name,
      `got ${inputs.length} inputs; expected ${expected === "any" ? "at least 1" : expected}`,
    );
  }
  const type = { shape: shape(inputs, attributes), dtype: dtype(inputs, attributes) };
  // TypeScript cannot relate name and attributes while P is generic; the signature guarantees that they match.
  const operation = { primitive: name, inputs, attributes } as unknown as Operation;
  const differentiable = name !== "detach" && isFloat(type.dtype);
  return new Node(type, { operation, tracked: differentiable && inputs.some((input) => input.tracked) });
}

/** Throws unless a value is a node of this version of Stargrad, for which `instanceof` checks. */
function expectNode(called: string, value: Node): void {
  if (value instanceof Node) return;
  throw new ArgumentError(called, "got a value that is not a tensor", "Make one of it with tensor(…)");
}

/**
 * All nodes that the roots depend on, inputs before outputs. Enters only nodes for which `enter` returns true. It is iterative,
 * because a graph may be deeper than the call stack. Neither `enter` nor `inputsOf` may start another walk through the same nodes.
 */
export function topologicalOrder(
  roots: readonly Node[],
  enter: (node: Node) => boolean,
  inputsOf: (node: Node) => readonly Node[] = operands,
): Node[] {
  const order: Node[] = [];
  // The path to the current node. The number of a node is the index of its next input.
  const path: Node[] = [];
  const next = new NodeNumbers();
  for (const root of roots) {
    expectNode("realize", root);
    let node: Node | undefined = next.has(root) || !enter(root) ? undefined : root;
    while (node !== undefined) {
      const inputs = inputsOf(node);
      const first = next.get(node) ?? 0;
      let index = first;
      while (index < inputs.length && (next.has(inputs[index]) || !enter(inputs[index]))) index++;
      next.set(node, index + 1);
      if (index < inputs.length) {
        path.push(node);
        node = inputs[index];
      } else {
        order.push(node);
        node = path.pop();
      }
    }
  }
  return order;
}

function operands(node: Node): readonly Node[] {
  return node.operation?.inputs ?? none;
}
