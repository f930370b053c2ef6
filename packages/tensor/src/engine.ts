import {
  ArgumentError,
  bytesPerElement,
  createLeaf,
  dtypes,
  elementsOf,
  formatShape,
  HostStorage,
  Node,
  referenceEngine,
  runProgram,
  sizeOf,
  StargradError,
  type Destination,
  type DType,
  type Engine,
  type PreparedProgram,
  type Storage,
  type TensorType,
  type TypedArray,
} from "@stargrad/graph";
import { dtypeOf, pendingWithCoOutputs, shared } from "@stargrad/graph/internal";
import { defaultEngine } from "#default-engine";
import { beginProgram, noteFailure, noteResults } from "./late-failures.js";
import { isRecording } from "./recording-state.js";

const state = /* @__PURE__ */ shared("engine", () => ({
  engine: null as Engine | null,
  /** How many threads the default engine has. Undefined: as many as there are cores. */
  threads: undefined as number | undefined,
  /** The functions that undo the changes made since the last program was started; `null` if that program cannot fail any more. */
  changes: null as TakeBack[] | null,
  destinations: new WeakMap<Node, (node: Node) => Destination>(),
  fallbacks: new WeakMap<Node, Node>(),
}));

/**
 * The current engine: the one that `setEngine` chose, by default WebAssembly. If WebAssembly cannot run, a warning says why, and
 * the reference engine is used, which is slow and runs everywhere.
 *
 * Throws: StargradError if no engine has been chosen and the condition `stargrad-no-engine` leaves out the default one
 */
export function getEngine(): Engine {
  state.engine ??= defaultEngine(state.threads);
  return state.engine;
}

/** Gives the default engine one thread, if it does not compute yet: in a worker that is one of several. */
export function preferOneThread(): void {
  state.threads = 1;
}

/**
 * Sets the engine for all later computations. Tensors that are already materialized keep their elements. If it is called before
 * anything is computed, the default engine is never created.
 *
 * Throws: ArgumentError if it gets no engine, but for example a class or a promise
 */
export function setEngine(engine: Engine): void {
  const given = engine as Partial<Engine> | undefined;
  if (typeof given?.prepare !== "function" || !Array.isArray(given.capabilities?.dtypes)) {
    const got: unknown = typeof engine === "function" ? `the function ${(engine as Engine).name}` : engine;
    throw new ArgumentError(
      "setEngine",
      `got ${String(got)}; expected an object with \`prepare\` and \`capabilities\``,
      "Create an engine first: `new WasmEngine()`",
    );
  }
  state.engine = engine;
}

/** Whether an engine has been chosen that lacks an element type. The default engine has all. */
export function isUnsupported(dtype: DType): boolean {
  return state.engine !== null && !state.engine.capabilities.dtypes.includes(dtype);
}

/** float64 if the current engine supports it, else float32. For intermediate results that benefit from more precision. */
export function widestFloat(): "float32" | "float64" {
  return getEngine().capabilities.dtypes.includes("float64") ? "float64" : "float32";
}

/**
 * If the current engine lacks an element type or is not synchronous: a leaf with the node's value, computed now by the reference
 * engine. Otherwise the node itself. For values that are computed once and may be slow, such as the initial weights of a layer.
 * All leaves that the node depends on must be in host memory.
 */
export function computedAnywhere(node: Node): Node {
  const { capabilities } = getEngine();
  if (capabilities.synchronous && dtypes.every((dtype) => capabilities.dtypes.includes(dtype))) return node;
  return createLeaf(node.shape, node.dtype, runProgram(referenceEngine, [node])[0]);
}

/** Undoes a change; receives the error of the program. */
type TakeBack = (error: Error) => void;

/**
 * Runs a program of an engine. Code that changes state because the program was started must register how to undo the change, with
 * `takeBackIfItFails`: an engine that is not synchronous may report a failure later. `types`: those of the outputs.
 *
 * Throws: the error of the program; StargradError if the engine returns something else than a storage for each output;
 * ArgumentError if the shape of a leaf does not fit its elements
 */
export function startProgram(
  engine: Engine,
  program: PreparedProgram,
  types: readonly TensorType[],
  elements: readonly Storage[],
  destinations: readonly Destination[],
): Storage[] {
  if (!checked.has(program)) expectUnchangedShapes(program, elements);
  try {
    if (engine.capabilities.synchronous) {
      state.changes = null;
      const storages = program.run(elements, destinations);
      expectStorages(engine, program, storages, types);
      return storages;
    }
    const made: TakeBack[] = [];
    const started = beginProgram();
    const storages = program.run(elements, destinations, (error) => {
      for (const takeBack of made.splice(0).reverse()) takeBack(error);
      noteFailure(error, started);
    });
    state.changes = made;
    expectStorages(engine, program, storages, types);
    noteResults(storages, started);
    return storages;
  } catch (error) {
    throw otherEngines(program, elements) ?? error;
  }
}

/** Throws if a leaf has not the elements of its shape: the program would read beyond them. JavaScript can change any shape. */
function expectUnchangedShapes({ leaves }: PreparedProgram, elements: readonly Storage[]): void {
  for (let i = 0; i < leaves.length; i++) {
    const { shape, dtype } = leaves[i];
    let bytes = bytesPerElement(dtype);
    for (let axis = 0; axis < shape.length; axis++) bytes *= shape[axis];
    const { byteLength, location } = elements[i];
    // Reading the storage of a disposed variable, which has no bytes, throws its own error.
    if (bytes === byteLength || (byteLength === 0 && location === "engine")) continue;
    throw new ArgumentError(
      "shape",
      `got ${formatShape(shape)} for a tensor of ${byteLength / bytesPerElement(dtype)} elements: its shape was changed, but shapes are read-only`,
      "Use x.reshape(shape), and copy a shape before you change it: [...x.shape]",
    );
  }
}

/** The error of a program that reads elements in the memory of another engine; `null` if all can be read. */
function otherEngines({ leaves }: PreparedProgram, elements: readonly Storage[]): ArgumentError | null {
  const index = elements.findIndex(({ canReadSync, location }) => !canReadSync && location === "engine");
  if (index < 0) return null;
  const { owner, shape } = leaves[index];
  return new ArgumentError(
    "setEngine",
    `${owner?.description ?? "a tensor of shape"} ${formatShape(shape)} is in the memory of another engine, which cannot be read synchronously`,
    "Before you set an engine, read what it needs: const state = model.stateDict(), await data() of each tensor, and afterwards model.loadStateDict(state)",
  );
}

/** Programs whose leaves and results have been checked once. A recorded program runs again with elements for the same leaves. */
const checked = new WeakSet<PreparedProgram>();

/** Checks what a program returned, before anything refers to it: the sizes in its first run, and arrays when they are read. */
function expectStorages(
  { name }: Engine,
  program: PreparedProgram,
  storages: readonly Storage[],
  types: readonly TensorType[],
): void {
  const called = `the engine ${name}`;
  if (!Array.isArray(storages) || storages.length !== types.length) {
    const got: unknown = Array.isArray(storages) ? `${storages.length} storages` : storages;
    const expected = `expected an array of ${types.length} storages`;
    throw new StargradError(called, `run returned ${String(got)}; ${expected}`);
  }
  if (checked.has(program)) return;
  for (let i = 0; i < types.length; i++) {
    const { shape, dtype } = types[i];
    const storage = storages[i] as Storage | undefined;
    if (storage?.byteLength !== sizeOf(shape) * bytesPerElement(dtype)) {
      const got = storage === undefined ? "no storage" : `a storage of ${storage.byteLength} bytes`;
      throw wrongElements(called, `${got} as output ${i}`, types[i]);
    }
  }
  checked.add(program);
}

/** Checks the array that a storage returned for a tensor of this type. */
export function expectArray(array: TypedArray, type: TensorType): TypedArray {
  if (dtypeOf(array) === type.dtype && array.length === sizeOf(type.shape)) return array;
  throw wrongElements("Storage.read", `${array.constructor.name}(${array.length})`, type);
}

function wrongElements(called: string, got: string, { shape, dtype }: TensorType): StargradError {
  const expected = `${sizeOf(shape)} elements of ${bytesPerElement(dtype)} bytes, ${dtype} ${formatShape(shape)}`;
  return new StargradError(called, `returned ${got}; expected ${expected}`);
}

/**
 * Registers a function that undoes a change made because of the program started last. It is called if that program fails, in
 * reverse order of registration, and never for a program of a synchronous engine.
 */
export function takeBackIfItFails(takeBack: TakeBack): void {
  state.changes?.push(takeBack);
}

/** Whether a failure of the program started last may still be reported. */
export function mayStillFail(): boolean {
  return state.changes !== null;
}

function runOnCurrent(outputs: readonly Node[], destinations: readonly Destination[]): Storage[] {
  const engine = getEngine();
  const program = engine.prepare(outputs);
  return startProgram(engine, program, outputs, program.leaves.map(elementsOf), destinations);
}

/**
 * A storage with the elements of a materialized node that is never overwritten: its storage if that is in host memory, else a
 * host copy, because an engine storage may belong to a variable. The copy is read synchronously, or made by a separate program.
 */
export function lastingStorage(node: Node): Storage {
  const elements = elementsOf(node);
  if (elements.location === "host") return elements;
  if (elements.canReadSync) return new HostStorage(elements.readSync());
  return runOnCurrent([copyOf(createLeaf(node.shape, node.dtype, elements))], ["host"])[0];
}

function copyOf(node: Node): Node {
  return new Node(node, { operation: copying(node), tracked: false });
}

function copying(node: Node) {
  return { primitive: "detach" as const, inputs: [node], attributes: {} };
}

/** Materializes these nodes and their co-outputs as one program. */
export function realizeNodes(nodes: readonly Node[]): void {
  withFallbacks(nodes, () => {
    computeKept(nodes);
  });
}

function computeKept(nodes: readonly Node[]): void {
  const wanted = new Set(nodes);
  const { order, coOutputs } = pendingWithCoOutputs(nodes);
  const outputs = order.filter((node) => wanted.has(node) || coOutputs.has(node));
  if (outputs.length === 0) return;
  materialize(outputs, runOnCurrent(outputs, outputs.map(destinationOf)));
}

/**
 * Registers a function that chooses the destination of a node's elements when the node is materialized; the default is host
 * memory. For callers that own the only reference to the node and prevent reads of overwritten elements.
 */
export function keepWhere(node: Node, choose: (node: Node) => Destination): void {
  state.destinations.set(node, choose);
}

function destinationOf(node: Node): Destination {
  return state.destinations.get(node)?.(node) ?? "host";
}

/** A node to compute, and the destination of its elements. */
export type Order = readonly [node: Node, destination: Destination];

/**
 * Computes nodes as one program and returns their elements without materializing the nodes. The nodes of `alongside`, and the
 * co-outputs of all these nodes, are computed by the same program and materialized.
 */
export function computeNodes(orders: readonly Order[], alongside: readonly Node[]): Storage[] {
  const nodes = orders.map(([node]) => node);
  const all = [...nodes, ...alongside];
  return withFallbacks(all, () => {
    const wanted = new Set(alongside);
    const { order, coOutputs } = pendingWithCoOutputs(all);
    const kept = order.filter((node) => wanted.has(node) || coOutputs.has(node));
    if (nodes.length + kept.length === 0) return [];
    const targets = [...orders.map(([, destination]) => destination), ...kept.map(destinationOf)];
    const storages = runOnCurrent([...nodes, ...kept], targets);
    materialize(kept, storages.slice(nodes.length));
    return storages.slice(0, nodes.length);
  });
}

function materialize(nodes: readonly Node[], storages: readonly Storage[]): void {
  if (mayStillFail()) for (const node of nodes) restoreIfItFails(node);
  nodes.forEach((node, i) => {
    node.materialize(storages[i]);
    state.fallbacks.delete(node);
  });
}

/** Makes a node pending again if its program fails. A node with a fallback is then computed from that. */
function restoreIfItFails(node: Node): void {
  const { operation, coOutputs } = node;
  const other = state.fallbacks.get(node);
  takeBackIfItFails(() => {
    if (other === undefined) node.restoreOperation(operation, coOutputs);
    else node.restoreOperation(copying(other));
  });
}

/**
 * Replaces the node's value by another's if computing the node, or one of its co-outputs, fails. For updates that the user
 * did not request explicitly, such as running statistics: a failed update is skipped, and does not make other computations
 * fail.
 */
export function fallBackOn(node: Node, other: Node): void {
  state.fallbacks.set(node, other);
}

/** Runs a computation of these nodes. If it throws, nodes with fallbacks are computed one by one, and it runs once more. */
function withFallbacks<T>(nodes: readonly Node[], compute: () => T): T {
  if (isRecording()) throw new Error("a computation was started while a function is recorded");
  try {
    return compute();
  } catch (error) {
    const { order } = pendingWithCoOutputs(nodes);
    const optional = order.filter((node) => state.fallbacks.has(node));
    if (optional.length === 0) throw error;
    // In the order in which they were created, so that the operands of each are materialized first.
    optional.sort((a, b) => a.serial - b.serial);
    for (const node of optional) if (node.storage === null) computeOrFallBack(node);
    return compute();
  }
}

function computeOrFallBack(node: Node): void {
  try {
    computeKept([node]);
  } catch {
    for (const each of new Set([node, ...node.coOutputs])) {
      const other = state.fallbacks.get(each);
      if (other !== undefined) materialize([each], [lastingStorage(other)]);
    }
  }
}
