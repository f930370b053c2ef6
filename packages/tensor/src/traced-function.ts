import { createNode, Placeholder, type Node } from "@stargrad/graph";
import type { LoopGraph } from "@stargrad/graph/internal";
import { createLoop, traceBody } from "./loop.js";
import { Tensor } from "./tensor.js";

/** The next values of some of the tensors that a `TracedFunction` maps, by their index; `undefined` for those that stay. */
export type NextValues = readonly (Tensor | undefined)[];

/** A trace that other tensors of the same types can use. */
interface Trace {
  readonly body: LoopGraph;
  /** The index of the argument that each constant of the body stands for, or the constant itself if it is a literal. */
  readonly constants: readonly (number | Node)[];
  /** The indices of the states that get a next value. */
  readonly changed: readonly number[];
}

/** One iteration, so that a program computes it in place. */
const once = { length: 1, reverse: false };

/**
 * A pure function that maps states to their next values, such as the update of a parameter by an optimizer. It is traced once, and
 * each application makes one node for all its operations, and one for each changed state: see the primitive `scan`. Building, describing
 * and compiling a step takes as long as the number of its nodes.
 *
 * All applications must have the same number of states and arguments, of the same types, and f must build the same operations
 * for each. A function that draws random numbers, assigns to variables, or uses tensors that are neither arguments nor literals is
 * traced at each application.
 */
export class TracedFunction {
  #trace: Trace | null = null;

  /** The next value of each state that f changes, with its index. */
  apply(
    f: (states: readonly Tensor[], given: readonly Tensor[]) => NextValues,
    states: readonly Tensor[],
    given: readonly Tensor[],
  ): [index: number, next: Tensor][] {
    if (this.#trace === null) return this.#traceNow(f, states, given);
    const { body, constants, changed } = this.#trace;
    const inputs: Node[] = [];
    for (const constant of constants)
      inputs.push(typeof constant === "number" ? given[constant].node : constant);
    for (const { node } of states) inputs.push(node);
    return outputsOf(createNode("scan", inputs, { body, ...once }), changed);
  }

  #traceNow(
    f: (states: readonly Tensor[], given: readonly Tensor[]) => NextValues,
    states: readonly Tensor[],
    given: readonly Tensor[],
  ): [index: number, next: Tensor][] {
    const stateFormals = states.map(placeholderFor);
    const givenFormals = given.map(placeholderFor);
    const { result, made, carries, sequences, commit } = traceBody(() => f(stateFormals, givenFormals), once);
    const formals = new Map(givenFormals.map(({ node }, i) => [node, i]));
    const loop = createLoop({
      ...once,
      carries: [
        ...stateFormals.map(({ node }, i) => ({
          formal: node,
          initial: states[i].node,
          next: (result[i] ?? stateFormals[i]).node,
        })),
        ...carries,
      ],
      sequences,
      results: [],
      made,
      constants: new Map([...formals].map(([node, i]) => [node, given[i].node])),
    });
    const changed = states.flatMap((_, i) => (result[i] === undefined ? [] : [i]));
    commit(carries.map((_, i) => outputOf(loop, states.length + i)));
    if (carries.length + sequences.length === 0) this.#keep(loop, { formals, made: new Set(made), changed });
    return outputsOf(loop, changed);
  }

  /** Keeps a trace unless it uses tensors that are neither arguments nor literals. */
  #keep(
    { operation }: Node,
    {
      formals,
      made,
      changed,
    }: {
      readonly formals: ReadonlyMap<Node, number>;
      readonly made: ReadonlySet<Node>;
      readonly changed: readonly number[];
    },
  ): void {
    if (operation?.primitive !== "scan") throw new Error("createLoop returns a loop");
    const { body } = operation.attributes;
    const constants = body.constants.map((node) => formals.get(node) ?? node);
    const isClosed = constants.every((each) => typeof each === "number" || made.has(each));
    if (isClosed) this.#trace = { body, constants, changed };
  }
}

function placeholderFor({ shape, dtype }: Tensor): Tensor {
  return new Tensor(new Placeholder({ shape, dtype }));
}

function outputsOf(loop: Node, indices: readonly number[]): [index: number, next: Tensor][] {
  return indices.map((index) => [index, outputOf(loop, index)]);
}

function outputOf(loop: Node, index: number): Tensor {
  return new Tensor(createNode("scanOutput", [loop], { index }));
}
