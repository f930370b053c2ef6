import { pendingNodes, type Node } from "@stargrad/graph";
import { NodeNumbers } from "@stargrad/graph/internal";
import { SignatureBuilder, type Signature } from "./signature.js";

/** The structure of a graph, and its inputs. */
export interface GraphDescription {
  readonly signature: Signature;
  /** The nodes to compute, inputs before outputs. */
  readonly order: readonly Node[];
  /** The leaves whose elements a program of the graph takes as inputs, in the program's order. */
  readonly leaves: readonly Node[];
}

const builder = new SignatureBuilder();

/**
 * Describes a graph by a signature. Two graphs have the same signature exactly if they consist of the same operations with the same
 * attributes, connected in the same way, on leaves of the same shapes and element types. Values do not matter, so one program
 * computes both graphs.
 */
export function describeGraph(outputs: readonly Node[]): GraphDescription {
  const order = pendingNodes(outputs);
  const leaves: Node[] = [];
  const numbers = new NodeNumbers();
  let count = 0;
  builder.begin();
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

  /** Writes the number of a node. A node without a number is a leaf: numbers it and writes its type. */
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
