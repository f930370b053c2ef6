import { allocate } from "./dtype.js";
import type { AttributesOf, Node, Operation } from "./node.js";
import type { HostTensor, Primitive, TensorType } from "./primitive.js";
import { primitives } from "./primitives.js";
import { sizeOf } from "./shape.js";

/** Returns the elements of a node that the plan does not compute. */
type Given = (node: Node) => HostTensor | undefined;

/** The nodes to compute, in order, and which of them are outputs: the plan of a program or of a loop's body. */
export class ReferencePlan {
  /** The nodes that steps read but no step computes. */
  readonly leaves: readonly Node[];
  readonly #steps: readonly PlannedOperation[];
  readonly #outputs: readonly Node[];
  readonly #loops: ReadonlyMap<Node, LoopPlan>;

  constructor(order: readonly Node[], outputs: readonly Node[]) {
    this.#steps = order.map((node) => ({ node, operation: operationOf(node) }));
    this.#outputs = outputs;
    this.#loops = loopsIn(this.#steps);
    this.leaves = leavesOf(this.#steps, outputs);
  }

  /** Computes the outputs. Releases every other result after its last use. */
  run(given: Given): HostTensor[] {
    const computed = new Map<Node, HostTensor>();
    const loopResults = new Map<Node, ReadonlyMap<number, HostTensor>>();
    const uses = countUses(this.#steps, this.#outputs);

    for (const { node, operation } of this.#steps) {
      switch (operation.primitive) {
        case "scan":
          loopResults.set(node, this.#loopOf(node).run(operation.inputs.map(resultOf)));
          break;
        case "scanOutput":
          computed.set(node, outputOf(operation.inputs[0], operation.attributes.index));
          break;
        default: {
          const primitive: Primitive = primitives[operation.primitive];
          const output = zerosOf(node);
          primitive.reference(operation.inputs.map(resultOf), operation.attributes, output);
          computed.set(node, output);
        }
      }
      for (const input of operation.inputs) release(input);
    }
    return this.#outputs.map(resultOf);

    function resultOf(node: Node): HostTensor {
      const result = computed.get(node) ?? given(node);
      if (result === undefined) throw new Error("a node is used before it is computed");
      return result;
    }

    function outputOf(bundle: Node, index: number): HostTensor {
      const output = loopResults.get(bundle)?.get(index);
      if (output === undefined) throw new Error("an output of a loop is used that the loop did not compute");
      return output;
    }

    function release(node: Node): void {
      const left = (uses.get(node) ?? 0) - 1;
      uses.set(node, left);
      if (left > 0) return;
      computed.delete(node);
      loopResults.delete(node);
    }
  }

  #loopOf(bundle: Node): LoopPlan {
    const loop = this.#loops.get(bundle);
    if (loop === undefined) throw new Error("a loop is run that is not part of the plan");
    return loop;
  }
}

/** A node and its operation. Stored separately, because a node drops its operation once it is computed. */
interface PlannedOperation {
  readonly node: Node;
  readonly operation: Operation;
}

/** A loop and the outputs of it that are needed. One run computes all of them. */
class LoopPlan {
  readonly #attributes: AttributesOf<"scan">;
  /** The indices of the needed results among the outputs. */
  readonly #results: readonly number[];
  readonly #body: ReferencePlan;

  constructor(attributes: AttributesOf<"scan">, indices: ReadonlySet<number>) {
    const { body } = attributes;
    this.#attributes = attributes;
    this.#results = [...indices].filter((index) => index >= body.next.length);
    const wanted = [...body.next, ...this.#results.map((index) => body.results[index - body.next.length])];
    this.#body = new ReferencePlan(body.order(wanted), wanted);
  }

  /** Returns all carries and the needed results, by their index among the outputs. */
  run(inputs: readonly HostTensor[]): Map<number, HostTensor> {
    const { body, length, reverse } = this.#attributes;
    const count = body.carries.length;
    const constants = inputs.slice(0, body.constants.length);
    let carries = inputs.slice(constants.length, constants.length + count);
    const sequences = inputs.slice(constants.length + count);
    const stacks = this.#results.map((index) => {
      const { shape, dtype } = body.results[index - count];
      return zerosOf({ shape: [length, ...shape], dtype });
    });
    for (let i = 0; i < length; i++) {
      const index = reverse ? length - 1 - i : i;
      const given = new Map<Node, HostTensor>();
      body.constants.forEach((formal, k) => given.set(formal, constants[k]));
      body.carries.forEach((formal, k) => given.set(formal, carries[k]));
      body.sequences.forEach((formal, k) => given.set(formal, sliceOf(sequences[k], index)));
      const outputs = this.#body.run((node) => given.get(node));
      carries = outputs.slice(0, count);
      stacks.forEach((stack, k) => {
        sliceOf(stack, index).data.set(outputs[count + k].data);
      });
    }
    return new Map([
      ...carries.map((carry, i) => [i, carry] as const),
      ...stacks.map((stack, i) => [this.#results[i], stack] as const),
    ]);
  }
}

/** The slice at an index along the first axis: a view of the same elements. */
function sliceOf({ shape: [, ...shape], dtype, data }: HostTensor, index: number): HostTensor {
  const size = sizeOf(shape);
  return { shape, dtype, data: data.subarray(index * size, (index + 1) * size) };
}

function loopsIn(steps: readonly PlannedOperation[]): Map<Node, LoopPlan> {
  const indices = new Map<Node, Set<number>>();
  for (const { node, operation } of steps) {
    if (operation.primitive === "scan") indices.set(node, new Set());
    if (operation.primitive === "scanOutput")
      indices.get(operation.inputs[0])?.add(operation.attributes.index);
  }
  return new Map(
    steps.flatMap(({ node, operation }) =>
      operation.primitive === "scan"
        ? [[node, new LoopPlan(operation.attributes, indices.get(node) ?? new Set())] as const]
        : [],
    ),
  );
}

function operationOf({ operation }: Node): Operation {
  if (operation === null) throw new Error("a pending node has neither elements nor an operation");
  return operation;
}

function leavesOf(steps: readonly PlannedOperation[], outputs: readonly Node[]): Node[] {
  const computed = new Set(steps.map(({ node }) => node));
  const read = new Set([...steps.flatMap(({ operation }) => operation.inputs), ...outputs]);
  return [...read].filter((node) => !computed.has(node));
}

/** The number of times each node is read as an input, plus one if it is an output, so that outputs are never released. */
function countUses(steps: readonly PlannedOperation[], outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const { operation } of steps) operation.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}

function zerosOf({ shape, dtype }: TensorType): HostTensor {
  return { shape, dtype, data: allocate(dtype, sizeOf(shape)) };
}
