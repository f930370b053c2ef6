import { allocate } from "./dtype.js";
import { HostStorage, type Engine, type Storage } from "./engine.js";
import { pendingNodes, type Node } from "./node.js";
import type { HostTensor, Primitive } from "./primitive.js";
import { primitives } from "./primitives.js";
import { sizeOf } from "./shape.js";

/**
 * The oracle of every other engine, and the fallback where none runs: one primitive after another, each by its plain
 * semantics, each result in an array of its own that is let go after its last use.
 */
export const referenceEngine: Engine = {
  name: "reference",

  run(outputs: readonly Node[]): Storage[] {
    const order = pendingNodes(outputs);
    const uses = countUses(order, outputs);
    const computed = new Map<Node, HostTensor>();
    for (const node of order) {
      if (node.operation === null) throw new Error("a pending node has neither elements nor an operation");
      const { primitive: name, inputs, attributes } = node.operation;
      const primitive: Primitive = primitives[name];
      const output = { shape: node.shape, dtype: node.dtype, data: allocate(node.dtype, sizeOf(node.shape)) };
      primitive.reference(
        inputs.map((input) => computed.get(input) ?? hostTensor(input)),
        attributes,
        output,
      );
      computed.set(node, output);
      for (const input of inputs) release(input);
    }
    return outputs.map((node) => new HostStorage((computed.get(node) ?? hostTensor(node)).data));

    function release(node: Node): void {
      const left = (uses.get(node) ?? 0) - 1;
      uses.set(node, left);
      if (left === 0) computed.delete(node);
    }
  },
};

/** How often each node is read: as an input, and once more as an output, which is never let go. */
function countUses(order: readonly Node[], outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of order) node.operation?.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}

function hostTensor(node: Node): HostTensor {
  if (node.storage === null) throw new Error("an input of the program has no elements");
  return { shape: node.shape, dtype: node.dtype, data: node.storage.readSync() };
}
