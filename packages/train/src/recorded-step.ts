import { variableOf, type Assignments, type Variable } from "@stargrad/autograd";
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
import { getEngine, Tensor, type Draw } from "@stargrad/tensor";

/** What a step hands out: tensors by name. */
export type Results = Readonly<Record<string, Tensor>>;

/** What a step is made of. */
export interface StepGraph<R extends Results> {
  /** The leaves in the place of the inputs. */
  readonly inputs: readonly Node[];
  readonly draws: readonly Draw[];
  readonly results: R;
  /** What becomes of the variables. */
  readonly assignments: Assignments;
}

/** Where the elements of a leaf come from, when the step runs again. */
type Source =
  | { readonly kind: "input"; readonly place: number }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "draw"; readonly draw: Draw }
  | { readonly kind: "constant"; readonly elements: Storage };

/**
 * A step as one program: from inputs and the variables' values to results and the variables' next values. Running it
 * builds no graph; numbers are drawn anew.
 */
export class RecordedStep<R extends Results> {
  /** The engine it was made for. */
  readonly engine: Engine = getEngine();
  readonly #names: readonly (keyof R)[];
  readonly #types: readonly Node[];
  readonly #variables: readonly Variable[];
  readonly #program: PreparedProgram;
  readonly #sources: readonly Source[];

  constructor({ inputs, draws, results, assignments }: StepGraph<R>) {
    // Parameters are listed from the first layer to the last, and gradients arrive the other way round.
    const next = [...new Map(assignments)].reverse();
    this.#names = Object.keys(results);
    this.#types = this.#names.map((name) => results[name].node);
    this.#variables = next.map(([variable]) => variable);
    this.#program = this.engine.prepare([...this.#types, ...next.map(([, { node }]) => node)]);
    this.#sources = this.#program.leaves.map((leaf) => sourceOf(leaf, inputs, draws));
  }

  /**
   * Runs the step on inputs of the types it was recorded with. `check` is shown the results before anything changes; if it or
   * the step throws, no variable has changed.
   */
  run(inputs: readonly Storage[], check?: (results: R) => void): R {
    const elements = this.#sources.map((source): Storage => {
      switch (source.kind) {
        case "input":
          return inputs[source.place];
        case "variable":
          return source.variable.elements;
        case "draw": {
          const { generator, blocks, offsets } = source.draw;
          return new HostStorage(generator.reserve(blocks, offsets));
        }
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
          check(this.#resultsIn(results));
        }),
    );
    this.#variables.forEach((variable, i) => {
      variable.replaceValue(storages[this.#types.length + i]);
    });
    return this.#resultsIn(storages);
  }

  #resultsIn(storages: readonly Storage[]): R {
    const results = this.#names.map((name, i) => {
      const { shape, dtype } = this.#types[i];
      return [name, new Tensor(createLeaf(shape, dtype, storages[i]))] as const;
    });
    return Object.fromEntries(results) as R;
  }
}

function sourceOf(leaf: Node, inputs: readonly Node[], draws: readonly Draw[]): Source {
  const place = inputs.indexOf(leaf);
  if (place >= 0) return { kind: "input", place };
  const draw = draws.find(({ start }) => start === leaf);
  if (draw !== undefined) return { kind: "draw", draw };
  const variable = variableOf(leaf);
  const elements = elementsOf(leaf);
  if (variable?.elements === elements) return { kind: "variable", variable };
  // What is in the engine is written over one day.
  return {
    kind: "constant",
    elements: elements instanceof HostStorage ? elements : new HostStorage(elements.readSync()),
  };
}
