import { Parameter, type Assignments, type Variable } from "@stargrad/autograd";
import { computeDue, recordAssignments, variableOf } from "@stargrad/autograd/internal";
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
import { ArgumentError, getEngine, leavesOf, mapTree, realize, Tensor, type Tree } from "@stargrad/tensor";
import {
  lastingStorage,
  record,
  startProgram,
  type Draw,
  type RandomStream,
} from "@stargrad/tensor/internal";
import { constantsOf, inputPlace, isCurrent } from "./recorded-leaves.js";

/** What a recorded function hands out: its results, and what whoever has it recorded wants to know of it. */
export interface Outcome<Results extends Tree, Notes> {
  readonly results: Results;
  readonly notes: Notes;
}

/** Where the elements of a leaf come from, when the program runs again. */
type Source =
  | { readonly kind: "input"; readonly place: number }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "draw"; readonly place: number }
  | { readonly kind: "constant"; readonly elements: Storage };

export interface RecordingOptions {
  /** Who is said to throw errors. */
  readonly called: string;
  /** Whether gradients that the function leaves in parameters are dropped. Otherwise they are an error. */
  readonly dropsGradients: boolean;
}

/** About how much a program takes for each of its leaves, if its engine does not say what it takes. */
const bytesPerLeaf = 512;

/**
 * A function of tensors as one program: from inputs and the values of variables to results and the variables' next values.
 * Running it builds no graph; numbers are drawn anew. Of the graph it was made from it holds nothing but the leaves.
 *
 * The function is called once, with tensors that have no value. All that it computes is built then, and nothing is computed
 * meanwhile.
 *
 * Throws: ArgumentError if the function reads a value, draws a number that is not a tensor, uses what was computed from
 * parameters before, or leaves a gradient in a parameter; whatever it throws
 */
export class Recording<Inputs extends Tree, Results extends Tree, Notes> {
  readonly notes: Notes;
  /** About how much memory it takes. */
  readonly bytes: number;
  /** The engine it was made for. */
  readonly #engine: Engine = getEngine();
  /** The results, nested as they are handed out, without values. */
  readonly #results: Results;
  readonly #variables: readonly Variable[];
  readonly #program: PreparedProgram;
  readonly #sources: readonly Source[];
  /** All draws, in the order in which they were made: one whose numbers nobody uses takes its blocks all the same. */
  readonly #draws: readonly Omit<Draw, "start">[];
  readonly #generators: ReadonlySet<RandomStream>;
  /** The parameters it reads or changes, and whether gradients reached them when it was recorded. */
  readonly #required: readonly (readonly [parameter: Parameter, required: boolean])[];
  readonly #unchanged: () => boolean;

  constructor(
    f: (inputs: Inputs) => Outcome<Results, Notes>,
    inputs: Inputs,
    { called, dropsGradients }: RecordingOptions,
  ) {
    const places = mapTree(inputs, (input): Tensor => inputPlace(called, input));
    const { result, draws, since, unchanged } = record(() =>
      recordAssignments(() => {
        const { results, notes } = f(places);
        // A variable stands for another node once recording is over.
        return { results: mapTree(results, ({ node }): Tensor => new Tensor(node)), notes };
      }),
    );
    const { results, notes } = result.result;
    if (!dropsGradients) expectNone(called, result.gradients);
    this.notes = notes;
    this.#unchanged = unchanged;
    this.#results = mapTree(results, (tensor): Tensor => inputPlace(called, tensor));
    // Parameters are listed from the first layer to the last, and gradients arrive the other way round.
    const next: Assignments = [...result.assignments].reverse();
    this.#variables = next.map(([variable]) => variable);
    const outputs = [...leavesOf(results), ...next.map(([, value]) => value)].map(({ node }) => node);
    realize(...constantsOf(called, outputs, since).map((node) => new Tensor(node)));
    this.#program = this.#engine.prepare(outputs);
    this.#sources = sourcesOf(this.#program.leaves, leavesOf(places), draws);
    this.#draws = draws.map(({ generator, blocks, offsets }) => ({ generator, blocks, offsets }));
    this.#generators = new Set(draws.map(({ generator }) => generator));
    this.#required = [...new Set([...this.#variables, ...this.#read])].flatMap((variable) =>
      variable instanceof Parameter ? [[variable, variable.requiresGradient] as const] : [],
    );
    this.bytes = this.#sources.reduce(
      (bytes, source) => bytes + (source.kind === "constant" ? source.elements.byteLength : 0),
      this.#program.cost ?? this.#sources.length * bytesPerLeaf,
    );
  }

  /** The variables whose values it reads. */
  get #read(): Variable[] {
    return this.#sources.flatMap((source) => (source.kind === "variable" ? [source.variable] : []));
  }

  /** Whether the function would be recorded the same again: by the same engine, of the same modules, frozen as they were. */
  isValid(): boolean {
    return (
      this.#engine === getEngine() &&
      this.#required.every(([parameter, required]) => parameter.requiresGradient === required) &&
      this.#unchanged()
    );
  }

  /**
   * Runs the program on inputs of the types it was recorded with, which have been computed. If it throws, no variable has
   * changed, and generators are where they were; if an engine that is not synchronous finds out later that it has failed, no
   * variable has changed either.
   */
  run(inputs: Inputs): Results {
    computeDue(this.#variables);
    const states = Array.from(this.#generators, (generator) => [generator, generator.state()] as const);
    try {
      return this.#run(inputs);
    } catch (error) {
      for (const [generator, state] of states) generator.moveTo(state);
      throw error;
    }
  }

  #run(inputs: Inputs): Results {
    const starts = this.#draws.map(({ generator, blocks, offsets }) => generator.reserve(blocks, offsets));
    const given = leavesOf(inputs);
    const elements = this.#sources.map((source): Storage => {
      switch (source.kind) {
        case "input":
          return elementsOf(given[source.place].node);
        case "variable":
          return source.variable.elements;
        case "draw":
          return new HostStorage(starts[source.place]);
        case "constant":
          return source.elements;
      }
    });
    const hosts = leavesOf(this.#results).map((): Destination => "host");
    const places = this.#variables.map(({ destination }) => destination);
    const storages = startProgram(this.#engine, this.#program, elements, [...hosts, ...places]);
    this.#variables.forEach((variable, i) => {
      variable.replaceValue(storages[hosts.length + i]);
    });
    return this.#resultsIn(storages);
  }

  #resultsIn(storages: readonly Storage[]): Results {
    let place = 0;
    return mapTree(
      this.#results,
      ({ shape, dtype }): Tensor => new Tensor(createLeaf(shape, dtype, storages[place++])),
    );
  }
}

function expectNone(called: string, gradients: ReadonlyMap<Variable, Tensor | null>): void {
  for (const [parameter, gradient] of gradients) {
    if (gradient === null) continue;
    throw new ArgumentError(
      called,
      `the function leaves a gradient in ${parameter.description} [${parameter.shape.join(", ")}], where it would be that of no call`,
      "Return gradients from the function (`grad`, `vjp`), set `grad` to null in the end, or take trainStep",
    );
  }
}

function sourcesOf(
  leaves: readonly Node[],
  inputs: readonly Tensor[],
  draws: readonly Draw[],
): readonly Source[] {
  const sources = new Map<Node, Source>([
    ...inputs.map(({ node }, place) => [node, { kind: "input", place }] as const),
    ...draws.map(({ start }, place) => [start, { kind: "draw", place }] as const),
  ]);
  return leaves.map((leaf) => sources.get(leaf) ?? lastingSource(leaf));
}

function lastingSource(leaf: Node): Source {
  const variable = variableOf(leaf);
  if (variable !== undefined && isCurrent(leaf)) return { kind: "variable", variable };
  return { kind: "constant", elements: lastingStorage(leaf) };
}
