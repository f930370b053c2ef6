import { allocate } from "./dtype.js";
import { HostStorage, type Engine } from "./engine.js";
import { pendingNodes, type Node, type Operation } from "./node.js";
import type { HostTensor, Primitive } from "./primitive.js";
import { primitives } from "./primitives.js";
import { sizeOf } from "./shape.js";

/**
 * The oracle of every other engine, and the fallback where none runs: one primitive after another, each by its plain
 * semantics, each result in an array of its own that is let go after its last use.
 */
export const referenceEngine: Engine = {
  name: "reference",

  prepare(outputs) {
    const steps = pendingNodes(outputs).map((node) => ({ node, operation: operationOf(node) }));
    const leaves = leavesOf(steps, outputs);
    return {
      leaves,
      run(elements, destinations, check) {
        const known = new Map(leaves.map((leaf, i) => [leaf, elements[i]]));
        const computed = new Map<Node, HostTensor>();
        const uses = countUses(steps, outputs);
        for (const { node, operation } of steps) {
          const primitive: Primitive = primitives[operation.primitive];
          const { shape, dtype } = node;
          const output = { shape, dtype, data: allocate(dtype, sizeOf(shape)) };
          primitive.reference(operation.inputs.map(resultOf), operation.attributes, output);
          computed.set(node, output);
          for (const input of operation.inputs) release(input);
        }
        const results = outputs.map((node) => new HostStorage(resultOf(node).data));
        check?.(results.filter((_, i) => destinations[i] === "host"));
        return results;

        function resultOf(node: Node): HostTensor {
          const result = computed.get(node);
          if (result !== undefined) return result;
          const data = known.get(node)?.readSync();
          if (data === undefined) throw new Error("a node is used before it is computed");
          return { shape: node.shape, dtype: node.dtype, data };
        }

        function release(node: Node): void {
          const left = (uses.get(node) ?? 0) - 1;
          uses.set(node, left);
          if (left === 0) computed.delete(node);
        }
      },
    };
  },
};

/** A node that is computed, and how. Kept apart because a node that has been computed may forget how. */
interface Step {
  readonly node: Node;
  readonly operation: Operation;
}

function operationOf({ operation }: Node): Operation {
  if (operation === null) throw new Error("a pending node has neither elements nor an operation");
  return operation;
}

/** What is read and not computed by any of the steps. */
function leavesOf(steps: readonly Step[], outputs: readonly Node[]): Node[] {
  const computed = new Set(steps.map(({ node }) => node));
  const read = new Set([...steps.flatMap(({ operation }) => operation.inputs), ...outputs]);
  return [...read].filter((node) => !computed.has(node));
}

/** How often each node is read: as an input, and once more as an output, which is never let go. */
function countUses(steps: readonly Step[], outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const { operation } of steps) operation.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}
