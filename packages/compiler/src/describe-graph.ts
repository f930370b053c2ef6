import { pendingNodes, type Node } from "@stargrad/graph";
import { NodeNumbers } from "@stargrad/graph/internal";
import { SignatureBuilder, type Signature } from "./signature.js";

/** The structure of a graph, and what it takes. */
export interface GraphDescription {
  readonly signature: Signature;
  /** What has to be computed, in an order that works. */
  readonly order: readonly Node[];
  /** The nodes whose elements a program of the graph takes, in its order. */
  readonly leaves: readonly Node[];
}

const builder = new SignatureBuilder();

/**
 * A signature that two graphs share exactly if they are the same operations with the same attributes, connected in the same way,
 * on leaves of the same shapes and element types: never a value. So one program computes both.
 */
export function describeGraph(outputs: readonly Node[]): GraphDescription {
  const order = pendingNodes(outputs);
  const leaves: Node[] = [];
  const numbers = new NodeNumbers();
  let count = 0;
  for (const node of order) {
    const { operation } = node;
    if (operation === null) throw new Error("a pending node has neither elements nor an operation");
    const { inputs } = operation;
    builder.name(operation.primitive);
    builder.number(inputs.length);
    for (const input of inputs) writeInput(input);
    builder.fields(operation.attributes);
    numbers.set(node, count++);
  }
  builder.end();
  for (const output of outputs) writeInput(output);
  return { signature: builder.finish(), order, leaves };

  /** A number; one that has not been met before is a leaf, which is described then. */
  function writeInput(node: Node): void {
    const known = numbers.get(node);
    builder.number(known ?? count);
    if (known !== undefined) return;
    numbers.set(node, count++);
    leaves.push(node);
    builder.name(node.dtype);
    builder.numbers(node.shape);
  }
}
