import { isFloat, type DType } from "./dtype.js";
import { ShapeError } from "./errors.js";
import { NodeNumbers, type Numbered } from "./node-numbers.js";
import type { Signature, TensorType } from "./primitive.js";
import { primitives, type PrimitiveName, type RowAttributes } from "./primitives.js";
import type { ScanAttributes } from "./primitives/scan.js";
import type { Shape } from "./shape.js";
import type { Storage } from "./storage.js";

/** What every iteration of a loop computes, as the loop's operation holds it: see `LoopBody`, which makes one. */
export interface LoopGraph {
  /** The same in every iteration. */
  readonly constants: readonly Node[];
  /** What an iteration takes over from the one before. */
  readonly carries: readonly Node[];
  /** Of each sequence, the slice that is the iteration's. */
  readonly sequences: readonly Node[];
  /** What the carries become, one for each. */
  readonly next: readonly Node[];
  /** What each iteration makes besides. A gradient may add to it; what is there keeps its place. */
  readonly results: readonly Node[];
  /** Everything that was made with the body and depends on a formal that is not a constant, inputs before outputs. */
  readonly inside: ReadonlySet<Node>;
  /** Has the loop make another result, unless it does so already; returns which one it is. */
  addResult(node: Node): number;
  /** The nodes between the formals and these, inputs before outputs, without the formals. */
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

/** What has values, one after another, that nodes stand for. */
export interface ValueOwner {
  /** What errors call it. */
  readonly description: string;
  /** The error of the program that was to compute the value, if that failed later: then it never had the value. */
  readonly failure?: Error;
}

/**
 * A value in the graph: known by its elements (a leaf), by how to compute them, or by both.
 *
 * The graph is also the tape. A node that depends on something a gradient may be asked for is `tracked` and keeps its
 * operation after it has been computed; any other node becomes a leaf, so that its history can be collected.
 */
export class Node implements Numbered {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether a gradient may be asked for through this node. */
  readonly tracked: boolean;
  /** How many nodes had been made before this one. */
  readonly serial: number;
  /** These two are for `NodeNumbers` alone. */
  walk = 0;
  place = 0;
  #companions: readonly Node[] = none;
  #operation: Operation | null;
  #storage: Storage | null;
  #history: number;
  /** The serial of the oldest operation in its history. */
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
    this.serial = made++;
    this.#oldest = this.serial;
    this.#history = origin.tracked || origin.operation === undefined ? 0 : this.#add(origin.operation.inputs);
    observer?.(this);
  }

  /** Nodes that are computed and kept whenever this one is computed, whether it is itself kept or not. */
  get companions(): readonly Node[] {
    return this.#companions;
  }

  /** Adds companions to those it has. */
  accompany(nodes: readonly Node[]): void {
    this.#companions = this.#companions.length === 0 ? nodes : [...this.#companions, ...nodes];
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
   * How many pending operations that no gradient passes through it holds on to, itself included, but for those that were
   * built `withoutHistory`. 0 once it has been computed, and for a tracked node, which somebody may still differentiate.
   */
  get history(): number {
    return this.#storage === null ? this.#history : 0;
  }

  /** Counts its history anew, each operation once: until then it may be counted once for each path to it. */
  recountHistory(): number {
    this.#history = topologicalOrder([this], ({ history }) => history > 0).length;
    return this.history;
  }

  /** Keeps computed elements. From here on the node is a leaf, unless a gradient may still pass through it. */
  settle(storage: Storage): void {
    this.#storage = storage;
    this.#companions = none;
    if (!this.tracked) this.#operation = null;
  }

  /**
   * Makes a computed node pending again, for when its elements turn out not to have been computed: by this operation, along with
   * these companions.
   */
  unsettle(operation: Operation | null, companions: readonly Node[] = none): void {
    this.#storage = null;
    this.#operation = operation;
    this.#companions = companions;
  }

  /** Whose value it is or was; `null` for a node that is nobody's. */
  get owner(): ValueOwner | null {
    return this.#owner;
  }

  /** Says whose value it is. */
  belongTo(owner: ValueOwner): void {
    this.#owner = owner;
  }

  /** Lets the elements of a leaf go, which was its owner's. What has not been computed from them by now never will be, and says so. */
  release(owner: ValueOwner): void {
    this.#storage = null;
    this.#owner = owner;
  }

  /** Takes on the histories of its inputs, and returns how long they are with this operation. */
  #add(inputs: readonly Node[]): number {
    let sum = 0;
    let longest = 0;
    for (const input of inputs) {
      const { history } = input;
      if (history === 0) continue;
      sum += history;
      if (history > longest) longest = history;
      if (input.#oldest < this.#oldest) this.#oldest = input.#oldest;
    }
    // The sum counts a node once for each path to it. No more of them can there be than have been made since the oldest.
    return counting ? Math.min(sum, this.serial - this.#oldest) + 1 : longest;
  }
}

let made = 0;

/** How many nodes have been made so far: those made from here on have at least this serial. */
export function nodesMade(): number {
  return made;
}

let counting = true;

/**
 * Runs f, whose nodes add nothing to any history. For what is built as a whole, however large, such as the gradients of a
 * loss: a history is what a loop adds to turn by turn, and which grows until somebody reads it.
 */
export function withoutHistory<T>(f: () => T): T {
  const outer = counting;
  counting = false;
  try {
    return f();
  } finally {
    counting = outer;
  }
}

/**
 * The longest history that is kept to be computed later. A sum over thousands of steps is computed whenever it has grown
 * longer, so that it stays small.
 */
export const historyBound = 2000;

/** Those nodes whose histories are so long that they should be computed before anything is added to them. */
export function overlong(nodes: readonly Node[]): readonly Node[] {
  if (!counting) return none;
  for (const { history } of nodes) {
    if (history <= historyBound) continue;
    return nodes.filter((node) => node.history > historyBound && node.recountHistory() > historyBound);
  }
  return none;
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
 * What `createNode` asks of each row, in objects of one layout: rows have other fields, each kind its own, and code that meets many
 * layouts in one place is optimized again and again.
 */
const signatures = Object.fromEntries(
  Object.entries<Signature>(primitives).map(([name, row]) => [
    name,
    { arity: row.arity, shape: row.shape.bind(row), dtype: row.dtype.bind(row) },
  ]),
) as unknown as Readonly<Record<PrimitiveName, Pick<Signature, "arity" | "shape" | "dtype">>>;

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
  const { arity: expected, shape, dtype } = signatures[name];
  if (expected === "any" ? inputs.length === 0 : inputs.length !== expected) {
    throw new ShapeError(
      name,
      `got ${inputs.length} inputs; expected ${expected === "any" ? "at least 1" : expected}`,
    );
  }
  const type = { shape: shape(inputs, attributes), dtype: dtype(inputs, attributes) };
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
  // The path to the node that the walk is at. The number of a node on it is which of its inputs comes next.
  const path: Node[] = [];
  const next = new NodeNumbers();
  for (const root of roots) {
    let node: Node | undefined = next.has(root) || !enter(root) ? undefined : root;
    while (node !== undefined) {
      const inputs = inputsOf(node);
      const first = next.get(node) ?? 0;
      let place = first;
      while (place < inputs.length && (next.has(inputs[place]) || !enter(inputs[place]))) place++;
      next.set(node, place + 1);
      if (place < inputs.length) {
        path.push(node);
        node = inputs[place];
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
