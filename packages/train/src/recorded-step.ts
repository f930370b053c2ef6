import { computeDue, variableOf, type Assignments, type Variable } from "@stargrad/autograd";
import {
  createLeaf,
  elementsOf,
  HostStorage,
  type Destination,
  type Engine,
  type Node,
  type PreparedProgram,
  type Storage,
} from "@stargrad/graph";
import { getEngine, realize, Tensor, type Draw } from "@stargrad/tensor";
import type { Run } from "./descent.js";
import { constantsOf, isCurrent } from "./recorded-leaves.js";

/** What a step hands out: tensors by name. */
export type Results = Readonly<Record<string, Tensor>>;

/** What a step is made of. */
export interface StepGraph<R extends Results> {
  /** The leaves in the place of the inputs. */
  readonly inputs: readonly Node[];
  readonly draws: readonly Draw[];
  /** The serial of the first node that was made for it. */
  readonly since: number;
  /** What it hands out: nodes, since a variable stands for another node once recording is over. */
  readonly results: ReadonlyMap<keyof R & string, Node>;
  /** What an optimizer needs of every run. */
  readonly gradients: readonly Node[];
  /** What becomes of the variables. */
  readonly assignments: Assignments;
}

/** Where the elements of a leaf come from, when the step runs again. */
type Source =
  | { readonly kind: "input"; readonly place: number }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "draw"; readonly place: number }
  | { readonly kind: "constant"; readonly elements: Storage };

/** About how much a program takes for each of its leaves, if its engine does not say what it takes. */
const bytesPerLeaf = 512;

/**
 * A step as one program: from inputs and the variables' values to results and the variables' next values. Running it
 * builds no graph; numbers are drawn anew. Of the graph it was made from it holds nothing but the leaves.
 *
 * Throws: ArgumentError if the graph uses what was computed from parameters before, through which nothing would be learned
 */
export class RecordedStep<R extends Results> {
  /** The engine it was made for. */
  readonly engine: Engine = getEngine();
  /** About how much memory it takes. */
  readonly bytes: number;
  readonly #names: readonly (keyof R)[];
  readonly #types: readonly Pick<Node, "shape" | "dtype">[];
  readonly #variables: readonly Variable[];
  readonly #program: PreparedProgram;
  readonly #sources: readonly Source[];
  /** All draws, in the order in which they were made: one whose numbers nobody uses takes its blocks all the same. */
  readonly #draws: readonly Omit<Draw, "start">[];

  constructor({ inputs, draws, since, results, gradients, assignments }: StepGraph<R>) {
    // Parameters are listed from the first layer to the last, and gradients arrive the other way round.
    const next = [...new Map(assignments)].reverse();
    this.#names = [...results.keys()];
    const nodes = [...results.values(), ...gradients];
    this.#types = nodes.map(({ shape, dtype }) => ({ shape, dtype }));
    this.#variables = next.map(([variable]) => variable);
    const outputs = [...nodes, ...next.map(([, { node }]) => node)];
    realize(...constantsOf(outputs, since).map((node) => new Tensor(node)));
    this.#program = this.engine.prepare(outputs);
    this.#sources = sourcesOf(this.#program.leaves, inputs, draws);
    this.#draws = draws.map(({ generator, blocks, offsets }) => ({ generator, blocks, offsets }));
    this.bytes = this.#sources.reduce(
      (bytes, source) => bytes + (source.kind === "constant" ? source.elements.byteLength : 0),
      this.#program.cost ?? this.#sources.length * bytesPerLeaf,
    );
  }

  /** The variables whose values it reads. */
  get read(): Variable[] {
    return this.#sources.flatMap((source) => (source.kind === "variable" ? [source.variable] : []));
  }

  /**
   * Runs the step on inputs of the types it was recorded with. `check` is shown the results before anything changes; if it or
   * the step throws, no variable has changed.
   */
  run(inputs: readonly Storage[], check?: (results: R) => void): Run<R> {
    computeDue(this.#variables);
    const starts = this.#draws.map(({ generator, blocks, offsets }) => generator.reserve(blocks, offsets));
    const elements = this.#sources.map((source): Storage => {
      switch (source.kind) {
        case "input":
          return inputs[source.place];
        case "variable":
          return source.variable.elements;
        case "draw":
          return new HostStorage(starts[source.place]);
        case "constant":
          return source.elements;
      }
    });
    const hosts = this.#types.map((): Destination => "host");
    const places = this.#variables.map(({ destination }) => destination);
    const storages = this.#program.run(
      elements,
      [...hosts, ...places],
      check &&
        ((results) => {
          check(this.#runIn(results).results);
        }),
    );
    this.#variables.forEach((variable, i) => {
      variable.replaceValue(storages[this.#types.length + i]);
    });
    return this.#runIn(storages);
  }

  #runIn(storages: readonly Storage[]): Run<R> {
    const tensors = this.#types.map(
      ({ shape, dtype }, i) => new Tensor(createLeaf(shape, dtype, storages[i])),
    );
    const results = this.#names.map((name, i) => [name, tensors[i]] as const);
    return { results: Object.fromEntries(results) as R, gradients: tensors.slice(this.#names.length) };
  }
}

function sourcesOf(
  leaves: readonly Node[],
  inputs: readonly Node[],
  draws: readonly Draw[],
): readonly Source[] {
  const sources = new Map<Node, Source>([
    ...inputs.map((leaf, place) => [leaf, { kind: "input", place }] as const),
    ...draws.map(({ start }, place) => [start, { kind: "draw", place }] as const),
  ]);
  return leaves.map((leaf) => sources.get(leaf) ?? lastingSource(leaf));
}

function lastingSource(leaf: Node): Source {
  const variable = variableOf(leaf);
  if (variable !== undefined && isCurrent(leaf)) return { kind: "variable", variable };
  const elements = elementsOf(leaf);
  // What is in the engine is written over one day.
  return {
    kind: "constant",
    elements: elements instanceof HostStorage ? elements : new HostStorage(elements.readSync()),
  };
}
