import {
  ArgumentError,
  elementsOf,
  formatShape,
  isFloat,
  pendingNodes,
  StargradError,
  type Engine,
  type Node,
  type Storage,
} from "@stargrad/graph";
import { observeNodes, unravelIndex } from "@stargrad/graph/internal";
import { getEngine, realize, setEngine, Tensor } from "@stargrad/tensor";
import { brand, expectNoRecording } from "@stargrad/tensor/internal";
import { callerOf, deepStacks } from "./call-site.js";
import { customRuleOf } from "./custom-rule.js";
import { nodeBeingDifferentiated } from "./pull-back.js";
import { runIterations } from "./loop-iterations.js";

/** An operation produced NaN or an infinity. The stack of the `cause` is that of the operation's call. */
export class AnomalyError extends StargradError {
  static {
    brand(this, "AnomalyError");
  }

  override readonly name = "AnomalyError";
  /** The primitive that produced it. */
  readonly primitive: string;
  /** The operation whose derivative the primitive is part of; `null` if it was produced in the forward pass. */
  readonly derivativeOf: string | null;
  /** The stack frame that called the operation (for a derivative: the differentiated operation). */
  readonly location: string | null;

  constructor(
    what: string,
    found: Pick<AnomalyError, "primitive" | "derivativeOf" | "location">,
    cause: unknown,
  ) {
    super("detectAnomaly", what, undefined, { cause });
    this.primitive = found.primitive;
    this.derivativeOf = found.derivativeOf;
    this.location = found.location;
  }
}

/** Where a node was created. */
interface Origin {
  readonly site: Error;
  /** The node whose derivative it is part of. */
  readonly derivativeOf: Node | null;
}

type Origins = WeakMap<Node, Origin>;

/**
 * Runs f and throws at the first operation, forward or backward, that produces a NaN or an infinity from inputs without it.
 * The error names the operation and the line that called it; for a derivative, the line that called the differentiated
 * operation.
 *
 * NaN and infinities in the input data are ignored, and so are elements that a `where` does not select. All values computed
 * while f runs are inspected (until its promise settles, if it returns one), and so is a tensor it returns. It keeps the
 * stack of every operation and every intermediate result, so it is for debugging only.
 *
 * Throws: AnomalyError; ArgumentError inside of a function that is recorded, where nothing is computed, and on an engine that
 * is not synchronous, where values are inspected too late
 * Source: torch.autograd.detect_anomaly
 */
export function detectAnomaly<T>(f: () => T): T {
  expectNoRecording("detectAnomaly", "computed values are inspected");
  const origins: Origins = new WeakMap();
  const engine = getEngine();
  if (!engine.capabilities.synchronous) {
    throw new ArgumentError(
      "detectAnomaly",
      `inspects every result when it is computed, but the engine ${engine.name} is not synchronous`,
      "Choose a synchronous engine for it with setEngine",
    );
  }
  const restoreStacks = deepStacks();
  const observer = observeNodes((node) => {
    observer?.(node);
    origins.set(node, { site: new Error("called here"), derivativeOf: nodeBeingDifferentiated() });
  });
  setEngine(watched(engine, origins));
  const restore = (): void => {
    setEngine(engine);
    observeNodes(observer);
    restoreStacks();
  };
  try {
    const result = f();
    if (result instanceof Promise) return result.finally(restore) as T;
    if (result instanceof Tensor) realize(result);
    restore();
    return result;
  } catch (error) {
    restore();
    throw error;
  }
}

/** An engine that keeps every intermediate result of a program and searches for the first with a NaN or an infinity. */
function watched(engine: Engine, origins: Origins): Engine {
  return {
    name: engine.name,
    capabilities: engine.capabilities,
    prepare(outputs) {
      // Of a loop only the outputs can be inspected: the loop node itself is not a tensor.
      const order = pendingNodes(outputs).filter(({ operation }) => operation?.primitive !== "scan");
      const program = engine.prepare([...outputs, ...order]);
      return {
        leaves: program.leaves,
        run(elements, destinations) {
          const computed = program.run(elements, [...destinations, ...order.map(() => "host" as const)]);
          const results = new Map([
            ...program.leaves.map((leaf, i) => [leaf, elements[i]] as const),
            ...order.map((node, i) => [node, computed[outputs.length + i]] as const),
          ]);
          const flaws = new Flaws(results);
          const mattering = flaws.mattering(order, outputs);
          const maker = order.find((node) => mattering.has(node) && flaws.madeBy(node) !== null);
          if (maker !== undefined) {
            searchLoop(
              maker,
              (node) => results.get(node) ?? elementsOf(node),
              watched(engine, origins),
              origins,
            );
            throw anomaly(maker, flaws, origins);
          }
          return computed.slice(0, outputs.length);
        },
      };
    },
  };
}

/** Throws if an operation in the body of a loop produced the flaw of the loop's output. */
function searchLoop(
  output: Node,
  storageOf: (node: Node) => Storage,
  engine: Engine,
  origins: Origins,
): void {
  if (output.operation?.primitive !== "scanOutput") return;
  const [{ operation }] = output.operation.inputs;
  if (operation?.primitive !== "scan") return;
  runIterations(operation, storageOf, engine, (original, copy) => {
    const origin = origins.get(original);
    if (origin === undefined) origins.delete(copy);
    else origins.set(copy, origin);
  });
}

/** The operands of a node; for an output of a loop, the inputs of the loop. */
function operandsOf({ operation }: Node): readonly Node[] {
  if (operation?.primitive !== "scanOutput") return operation?.inputs ?? [];
  return operation.inputs[0].operation?.inputs ?? [];
}

/** A value that is NaN or infinite, and its row-major index. */
interface Flaw {
  readonly value: number;
  readonly element: number;
}

/** The flaws (NaN, infinity) of results, each searched once and cached. */
class Flaws {
  readonly #results: ReadonlyMap<Node, Storage>;
  readonly #known = new Map<Node, Flaw | null>();

  constructor(results: ReadonlyMap<Node, Storage>) {
    this.#results = results;
  }

  /** The first NaN of a node, or its first infinity if it has no NaN; `null` if it has neither. */
  of(node: Node): Flaw | null {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const elements = isFloat(node.dtype) ? (this.#results.get(node) ?? node.storage)?.readSync() : undefined;
    const found = elements === undefined ? null : firstFlaw(elements);
    this.#known.set(node, found);
    return found;
  }

  /** The flaw of a node that its inputs do not have: NaN from inputs without NaN, or an infinity from finite inputs. */
  madeBy(node: Node): Flaw | null {
    const flaw = this.of(node);
    const inherited = operandsOf(node).some((input) => {
      const given = this.of(input);
      return given !== null && (Number.isNaN(given.value) || !Number.isNaN(flaw?.value));
    });
    return inherited ? null : flaw;
  }

  /** The flawed nodes of a program that affect its outputs: all except those that a `where` does not select. */
  mattering(order: readonly Node[], outputs: readonly Node[]): Set<Node> {
    const mattering = new Set(outputs.filter((node) => this.of(node) !== null));
    for (const node of order.toReversed()) {
      // A finite result may hide an infinite input (1 / ∞ = 0), so its inputs matter too, except for comparisons and `where`.
      const hides = isFloat(node.dtype) && node.operation?.primitive !== "where";
      if (this.of(node) === null ? !hides : !mattering.has(node)) continue;
      for (const input of operandsOf(node)) if (this.of(input) !== null) mattering.add(input);
    }
    return mattering;
  }
}

function firstFlaw(elements: ArrayLike<number>): Flaw | null {
  let infinity: Flaw | null = null;
  for (let element = 0; element < elements.length; element++) {
    const value = elements[element];
    if (Number.isNaN(value)) return { value, element };
    if (infinity === null && !Number.isFinite(value)) infinity = { value, element };
  }
  return infinity;
}

function anomaly(node: Node, flaws: Flaws, origins: Origins): AnomalyError {
  const primitive = nameOf(node);
  const { value, element } = flaws.of(node) ?? { value: NaN, element: 0 };
  const { source, site } = sourceOf(node, origins);
  const derivativeOf = source === node ? null : nameOf(source);
  const location = site === null ? null : callerOf(site);
  const made = `made ${value} in element ${formatShape(unravelIndex(element, node.shape))} of ${formatShape(node.shape)}`;
  const where = location === null ? "before detectAnomaly began" : `at ${location}`;
  const what =
    derivativeOf === null
      ? `${primitive} ${made}, called ${where}`
      : `the derivative of ${derivativeOf} ${made} (by ${primitive}); ${derivativeOf} was called ${where}`;
  return new AnomalyError(what, { primitive, derivativeOf, location }, site);
}

/** The node itself if it is of the forward pass, else the forward node it is a derivative of, of any order; and its call site. */
function sourceOf(node: Node, origins: Origins): { source: Node; site: Error | null } {
  const origin = origins.get(node);
  if (origin === undefined) return { source: node, site: null };
  return origin.derivativeOf === null
    ? { source: node, site: origin.site }
    : sourceOf(origin.derivativeOf, origins);
}

function nameOf(node: Node): string {
  return customRuleOf(node)?.name ?? node.operation?.primitive ?? "a leaf";
}
