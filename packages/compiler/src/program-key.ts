import { describeAttributes, pendingNodes, type Node } from "@stargrad/graph";

/**
 * A text that two graphs share exactly if one program can compute both: primitives, attributes, shapes, types and how
 * they are connected, and never a value. With it come the leaves, whose elements the program takes, in its order.
 */
export function describeGraph(outputs: readonly Node[]): { key: string; leaves: Node[] } {
  const numbers = new Map<Node, number>();
  const leaves: Node[] = [];
  const lines: string[] = [];
  const takeLeaf = (leaf: Node): string => {
    numbers.set(leaf, numbers.size);
    leaves.push(leaf);
    return `${leaf.dtype}[${leaf.shape.join()}]`;
  };
  for (const node of pendingNodes(outputs)) {
    const { operation } = node;
    if (operation === null) throw new Error("a pending node has neither elements nor an operation");
    const inputs = operation.inputs.map((input) => numbers.get(input) ?? takeLeaf(input));
    numbers.set(node, numbers.size);
    lines.push(`${operation.primitive}(${inputs.join(" ")})${describeAttributes(operation.attributes)}`);
  }
  const results = outputs.map((output) => numbers.get(output) ?? takeLeaf(output));
  return { key: `${lines.join(";")}>${results.join()}`, leaves };
}
