import {
  createLeaf,
  DTypeError,
  elementsOf,
  formatShape,
  HostStorage,
  Node,
  sameShape,
  ShapeError,
  type Destination,
  type Shape,
  type Storage,
} from "@stargrad/graph";
import {
  collectChangesBy,
  computeNodes,
  disposeSymbol,
  expectNoRecording,
  realize,
  Tensor,
  type Changes,
} from "@stargrad/tensor";
import { DisposedStorage } from "./disposed-storage.js";

/** Which variable a node stands for: how `backward` finds its way home. */
const variables = new WeakMap<Node, Variable>();

/** The variable whose value this node is or was; `undefined` for any other node. */
export function variableOf(node: Node): Variable | undefined {
  return variables.get(node);
}

/** The parameter whose value this node is or was; `undefined` for any other node. */
export function ownerOf(node: Node): Parameter | undefined {
  const variable = variables.get(node);
  return variable instanceof Parameter ? variable : undefined;
}

/**
 * A tensor whose value can be replaced: the only kind of thing in Stargrad that ever changes. What has been computed from
 * it before keeps the value it was computed from.
 *
 * The current value and the one before it are there to compute with, so that `loss` and `logits` can still be read after
 * an optimizer's step. What needs an older one throws a StaleValueError that names the variable.
 *
 * Values that were computed for it live in the engine, in places that belong to the variable alone and are written over
 * in turn: however many steps are taken, nothing is copied out, and there is nothing to collect.
 */
export abstract class Variable<S extends Shape = Shape> extends Tensor<S> {
  /** What errors call it: its place in a module, say. */
  name: string | null = null;
  /** The nodes that stand for the current value: at most one that is tracked and one that is not. */
  #leaves: Node[];
  /** Those that stand for the value before it. */
  #previous: Node[] = [];
  /** Where that value is. */
  #previousElements: Storage | null = null;
  #elements: Storage;

  readonly #kind: string;
  readonly #keepsPrevious: boolean;

  constructor(leaf: Node, kind: "parameter" | "buffer", keepsPrevious: boolean) {
    super(leaf);
    this.#leaves = [leaf];
    this.#elements = elementsOf(leaf);
    this.#kind = kind;
    this.#keepsPrevious = keepsPrevious;
    variables.set(leaf, this);
  }

  /** Where the current value is. */
  get elements(): Storage {
    return this.#elements;
  }

  /**
   * Where the next value may be written: where one is that will be gone by then.
   *
   * Throws: StaleValueError if the variable has been disposed of
   */
  get destination(): Destination {
    this.expectNotDisposed("assign");
    const free = this.#keepsPrevious ? this.#previousElements : this.#elements;
    return free === null || free instanceof HostStorage ? "engine" : free;
  }

  /** What errors call it, and it is followed by its shape. */
  get description(): string {
    return this.name === null ? `a ${this.#kind} of shape` : `the ${this.#kind} ${this.name}`;
  }

  /**
   * Takes on the value of another tensor, which is computed now.
   *
   * Throws: ShapeError or DTypeError if it is of another shape or type
   */
  assign(value: Tensor): void {
    assignAll([[this, value]]);
  }

  /** Takes on elements that belong to this variable alone, or to nobody. For `assignAll`, which checks that they fit. */
  replaceValue(elements: Storage): void {
    if (this.isDisposed) {
      // It was disposed of while its next value was computed, which nobody needs any more.
      elements.dispose?.();
      return;
    }
    const before = [this.#previousElements, this.#elements];
    for (const leaf of this.#keepsPrevious ? this.#previous : this.#leaves) leaf.release(this);
    if (this.#keepsPrevious) {
      this.#previous = this.#leaves;
      this.#previousElements = this.#elements;
    }
    this.#leaves = [];
    this.#elements = elements;
    this.represent(this.current.tracked);
    const after = [this.#previousElements, this.#elements];
    for (const storage of before) if (!after.includes(storage)) storage?.dispose?.();
  }

  /** Whether it has been disposed of. */
  get isDisposed(): boolean {
    return this.#elements instanceof DisposedStorage;
  }

  /** Throws a StaleValueError that names the variable if it has been disposed of. `called`: for what it is needed. */
  expectNotDisposed(called: string): void {
    if (this.#elements instanceof DisposedStorage) throw this.#elements.error(called);
  }

  /**
   * Gives back at once what its values take. What has been computed from them stays as it is; whoever computes something
   * from them, reads or assigns them afterwards gets a StaleValueError that names the variable. Disposing of it twice is the
   * same as once. Without this they are given back when the variable has been collected, for which a loop has to return to the
   * event loop now and then, as one does that awaits its losses.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  dispose(): void {
    expectNoRecording("dispose", "a variable is disposed of");
    if (this.isDisposed) return;
    const disposed = new DisposedStorage(`${this.description} ${formatShape(this.shape)}`);
    for (const node of [...this.#previous, ...this.#leaves, this.current]) node.settle(disposed);
    for (const elements of [this.#previousElements, this.#elements]) elements?.dispose?.();
    this.#leaves = [this.current];
    this.#previous = [];
    this.#previousElements = null;
    this.#elements = disposed;
  }

  /** What `using` does at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Has a node with the current value, tracked or not, stand for this variable. */
  protected represent(tracked: boolean): void {
    const known = this.#leaves.find((leaf) => leaf.tracked === tracked);
    this.current = known ?? createLeaf(this.shape, this.dtype, this.#elements, { tracked });
    if (known !== undefined) return;
    this.#leaves.push(this.current);
    variables.set(this.current, this);
  }

  /** Has a node that is still to be computed stand for this variable, and returns what ends that. For recordings. */
  standIn(value: Node): () => void {
    const leaf = this.current;
    const operation = { primitive: "stopGradient" as const, inputs: [value], attributes: {} };
    this.current = new Node(value, { operation, tracked: leaf.tracked });
    variables.set(this.current, this);
    return () => {
      this.current = leaf;
    };
  }
}

/**
 * A tensor that is learned. `backward` leaves its gradient in `grad`; an optimizer turns that into a new value.
 *
 * Throws: DTypeError unless the value is float32 or float64
 * Source: torch.nn.Parameter
 */
export class Parameter<S extends Shape = Shape> extends Variable<S> {
  /** dL/dthis, summed over the `backward` calls since it was last set to null; null if no loss has depended on it. */
  grad: Tensor | null = null;

  constructor(value: Tensor<S>, { requiresGradient = true }: { readonly requiresGradient?: boolean } = {}) {
    if (value.dtype !== "float32" && value.dtype !== "float64") {
      throw new DTypeError("Parameter", `got ${value.dtype}; expected float32 or float64`);
    }
    super(computedLeaf(value, requiresGradient), "parameter", true);
  }

  /** Whether gradients reach it. Freezing a parameter takes effect for what is computed from here on. */
  get requiresGradient(): boolean {
    return this.current.tracked;
  }

  set requiresGradient(required: boolean) {
    this.represent(required);
  }

  /** Gives back at once what its values take, and drops its gradient. */
  override dispose(): void {
    super.dispose();
    this.grad = null;
  }
}

/** A tensor that a module keeps and changes but does not learn, such as running statistics. Source: torch.nn buffers */
export class Buffer<S extends Shape = Shape> extends Variable<S> {
  /**
   * `keepsPrevious`: whether the value before the last is kept to compute with, as a parameter's is; a state that nothing
   * but its own next value is computed from does without, and is written over in place. Default: true.
   */
  constructor(value: Tensor<S>, { keepsPrevious = true }: { readonly keepsPrevious?: boolean } = {}) {
    super(computedLeaf(value, false), "buffer", keepsPrevious);
  }
}

/** What variables are to become. */
export type Assignments = readonly (readonly [variable: Variable, value: Tensor])[];

/**
 * Gives several variables new values, all computed as one program before the first of them changes: either every
 * variable is replaced, or, if something throws, none. Of two values for one variable, the last counts.
 *
 * Throws: ShapeError or DTypeError if a value is of another shape or type than its variable
 */
export function assignAll(assignments: Assignments): void {
  for (const [variable, value] of assignments) checkFits(variable, value);
  if (recorder === null) replaceAll(new Map(assignments));
  else for (const [variable, value] of assignments) recorder(variable, value);
}

function replaceAll(values: ReadonlyMap<Variable, Tensor>): void {
  const known = [...values].flatMap(([variable, { node }]) =>
    node.storage instanceof HostStorage ? [{ variable, elements: node.storage }] : [],
  );
  // Parameters are listed from the first layer to the last, and gradients arrive the other way round. Asked for as they
  // arrive, each lets go of what it needed before the next is computed.
  const pending = [...values].filter(([, { node }]) => !(node.storage instanceof HostStorage)).reverse();
  // A gradient that is still to be computed needs the value it is the gradient at.
  const gradients = [...values.keys()].flatMap((variable) =>
    variable instanceof Parameter && variable.grad !== null ? [variable.grad.node] : [],
  );
  const computed = computeNodes(
    pending.map(([variable, { node }]) => [node, variable.destination]),
    gradients.reverse(),
  );
  pending.forEach(([variable], i) => {
    variable.replaceValue(computed[i]);
  });
  for (const { variable, elements } of known) variable.replaceValue(elements);
}

function checkFits(variable: Variable, value: Tensor): void {
  variable.expectNotDisposed("assign");
  if (!sameShape(variable.shape, value.shape)) {
    throw new ShapeError(
      "assign",
      `got the shape ${formatShape(value.shape)} for a variable of shape ${formatShape(variable.shape)}`,
    );
  }
  if (variable.dtype !== value.dtype) {
    throw new DTypeError("assign", `got ${value.dtype} for a variable of ${variable.dtype}`, "Cast it first");
  }
}

/** Told of every assignment, which is then not carried out. */
let recorder: ((variable: Variable, value: Tensor) => void) | null = null;

/**
 * Runs a function and collects what it assigns instead of computing it. Until the function returns, a variable that has
 * been assigned to stands for its new value; afterwards all are as they were.
 */
export function recordAssignments<T>(f: () => T): {
  readonly result: T;
  readonly assignments: ReadonlyMap<Variable, Tensor>;
} {
  const outer = recorder;
  const assignments = new Map<Variable, Tensor>();
  const restore: (() => void)[] = [];
  recorder = (variable, value) => {
    assignments.set(variable, value);
    restore.push(variable.standIn(value.node));
  };
  try {
    return { result: f(), assignments };
  } finally {
    recorder = outer;
    for (const back of restore.reverse()) back();
  }
}

/** A leaf with the elements of a tensor and none of its history. */
function computedLeaf(value: Tensor, tracked: boolean): Node {
  realize(value);
  const elements = elementsOf(value.node);
  // Elements in an engine belong to a variable, which will write over them.
  const own = elements instanceof HostStorage ? elements : new HostStorage(elements.readSync());
  return createLeaf(value.shape, value.dtype, own, { tracked });
}

// What the body of a loop assigns to a variable is taken over by the next iteration.
collectChangesBy((f) => {
  const { result, assignments } = recordAssignments(f);
  const variables = [...assignments.keys()];
  const changes: Changes = {
    before: variables.map(({ node }) => node),
    after: [...assignments.values()].map(({ node }) => node),
    commit(values) {
      assignAll(variables.map((variable, i) => [variable, values[i]]));
    },
  };
  return { result, changes };
});
