import { pendingNodes, type Node } from "@stargrad/graph";

/**
 * A text that two graphs share exactly if one program can compute both: primitives, attributes, shapes, types and how
 * they are connected, and never a value. With it come the leaves, whose elements the program takes, in its order.
 */
export function describeGraph(outputs: readonly Node[]): { key: string; leaves: Node[] } {
  const numbers = new Map<Node, number>();
  const leaves: Node[] = [];
  const lines: string[] = [];
  for (const node of pendingNodes(outputs)) {
    const { operation } = node;
    if (operation === null) throw new Error("a pending node has neither elements nor an operation");
    const inputs = operation.inputs.map((input) => {
      const known = numbers.get(input);
      if (known !== undefined) return known;
      numbers.set(input, numbers.size);
      leaves.push(input);
      return `${input.dtype}[${input.shape.join()}]`;
    });
    numbers.set(node, numbers.size);
    lines.push(`${operation.primitive}(${inputs.join(" ")})${JSON.stringify(operation.attributes)}`);
  }
  return { key: `${lines.join(";")}>${outputs.map((node) => numbers.get(node)).join()}`, leaves };
}
