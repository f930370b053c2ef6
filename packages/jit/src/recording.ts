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
  type TensorType,
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

/** The return value of a recorded function: its results, and notes for the code that records it. */
export interface Outcome<Results extends Tree, Notes> {
  readonly results: Results;
  readonly notes: Notes;
}

/** The source of a leaf's elements when the program runs again. */
type Source =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "draw"; readonly index: number }
  | { readonly kind: "constant"; readonly elements: Storage };

export interface RecordingOptions {
  /** The function name in errors. */
  readonly called: string;
  /** Whether gradients that the function stores in parameters are dropped. Otherwise they cause an error. */
  readonly dropsGradients: boolean;
}

/** The estimated memory of a recording per leaf and per result, besides its program. */
const bytesPerTensor = 512;

/**
 * A function of tensors as one program: it computes results and the next values of variables from inputs and the variables'
 * values. Running it builds no graph, and draws new random numbers. Of the recorded graph it keeps only the leaves.
 *
 * The function is called once, with placeholders as inputs. This builds its graph; nothing is computed during the call.
 *
 * Throws: ArgumentError if the function reads a value, draws a number that is not a tensor, uses a tensor that was computed from
 * parameters earlier, or leaves a gradient in a parameter; any error that the function throws
 */
export class Recording<Inputs extends Tree, Results extends Tree, Notes> {
  readonly notes: Notes;
  /** Its estimated memory. */
  readonly bytes: number;
  /** The engine it was made for. */
  readonly #engine: Engine = getEngine();
  /** The results as placeholders, in the nesting in which they are returned. */
  readonly #results: Results;
  readonly #variables: readonly Variable[];
  readonly #program: PreparedProgram;
  /** The types of the program's outputs. */
  readonly #types: readonly TensorType[];
  readonly #sources: readonly Source[];
  /** All draws in their order. Draws whose numbers are not used are included, because they advance the generator too. */
  readonly #draws: readonly Omit<Draw, "start">[];
  readonly #generators: ReadonlySet<RandomStream>;
  /** The parameters it reads or changes, each with `requiresGradient` at the time of recording. */
  readonly #required: readonly (readonly [parameter: Parameter, required: boolean])[];
  readonly #unchanged: () => boolean;

  constructor(
    f: (inputs: Inputs) => Outcome<Results, Notes>,
    inputs: Inputs,
    { called, dropsGradients }: RecordingOptions,
  ) {
    const placeholders = mapTree(inputs, (input): Tensor => inputPlace(called, input));
    const { result, draws, since, unchanged } = record(() =>
      recordAssignments(() => {
        const { results, notes } = f(placeholders);
        // Copy the nodes: the node of a variable is restored when recording ends.
        return { results: mapTree(results, ({ node }): Tensor => new Tensor(node)), notes };
      }),
    );
    const { results, notes } = result.result;
    if (!dropsGradients) expectNone(called, result.gradients);
    this.notes = notes;
    this.#unchanged = unchanged;
    this.#results = mapTree(results, (tensor): Tensor => inputPlace(called, tensor));
    // Parameters are listed from the first layer to the last, but gradients are computed from the last to the first.
    const next: Assignments = [...result.assignments].reverse();
    this.#variables = next.map(([variable]) => variable);
    const outputs = [...leavesOf(results), ...next.map(([, value]) => value)].map(({ node }) => node);
    realize(...constantsOf(called, outputs, since).map((node) => new Tensor(node)));
    this.#program = this.#engine.prepare(outputs);
    this.#types = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.#sources = sourcesOf(this.#program.leaves, leavesOf(placeholders), draws);
    this.#draws = draws.map(({ generator, blocks, offsets }) => ({ generator, blocks, offsets }));
    this.#generators = new Set(draws.map(({ generator }) => generator));
    this.#required = [...new Set([...this.#variables, ...this.#read])].flatMap((variable) =>
      variable instanceof Parameter ? [[variable, variable.requiresGradient] as const] : [],
    );
    const tensors = this.#sources.length + this.#types.length;
    this.bytes = this.#sources.reduce(
      (bytes, source) => bytes + (source.kind === "constant" ? source.elements.byteLength : 0),
      tensors * bytesPerTensor + (this.#program.cost ?? 0),
    );
  }

  /** The variables that it reads. */
  get #read(): Variable[] {
    return this.#sources.flatMap((source) => (source.kind === "variable" ? [source.variable] : []));
  }

  /** Whether recording again would give the same program: same engine, unchanged modules, same parameters frozen. */
  isValid(): boolean {
    return (
      this.#engine === getEngine() &&
      this.#required.every(([parameter, required]) => parameter.requiresGradient === required) &&
      this.#unchanged()
    );
  }

  /**
   * Runs the program on materialized inputs of the types it was recorded with. If it throws, variables and generators do not
   * change. If an engine that is not synchronous reports a failure later, the changes of variables are undone.
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
          return elementsOf(given[source.index].node);
        case "variable":
          return source.variable.elements;
        case "draw":
          return new HostStorage(starts[source.index]);
        case "constant":
          return source.elements;
      }
    });
    const hosts = leavesOf(this.#results).map((): Destination => "host");
    const destinations = this.#variables.map(({ destination }) => destination);
    const outputs = [...hosts, ...destinations];
    const storages = startProgram(this.#engine, this.#program, this.#types, elements, outputs);
    this.#variables.forEach((variable, i) => {
      variable.replaceValue(storages[hosts.length + i]);
    });
    return this.#resultsIn(storages);
  }

  #resultsIn(storages: readonly Storage[]): Results {
    let index = 0;
    return mapTree(
      this.#results,
      ({ shape, dtype }): Tensor => new Tensor(createLeaf(shape, dtype, storages[index++])),
    );
  }
}

function expectNone(called: string, gradients: ReadonlyMap<Variable, Tensor | null>): void {
  for (const [parameter, gradient] of gradients) {
    if (gradient === null) continue;
    throw new ArgumentError(
      called,
      `the function leaves a gradient in ${parameter.description} [${parameter.shape.join(", ")}], but a recorded function has to end with each \`grad\` null`,
      "Return gradients from the function (`grad`, `vjp`), set `grad` to null before the function returns, or use trainStep",
    );
  }
}

function sourcesOf(
  leaves: readonly Node[],
  inputs: readonly Tensor[],
  draws: readonly Draw[],
): readonly Source[] {
  const sources = new Map<Node, Source>([
    ...inputs.map(({ node }, index) => [node, { kind: "input", index }] as const),
    ...draws.map(({ start }, index) => [start, { kind: "draw", index }] as const),
  ]);
  return leaves.map((leaf) => sources.get(leaf) ?? lastingSource(leaf));
}

function lastingSource(leaf: Node): Source {
  const variable = variableOf(leaf);
  if (variable !== undefined && isCurrent(leaf)) return { kind: "variable", variable };
  return { kind: "constant", elements: lastingStorage(leaf) };
}
