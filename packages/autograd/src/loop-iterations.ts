import {
  createLeaf,
  createNode,
  elementsOf,
  HostStorage,
  runProgram,
  sizeOf,
  type Engine,
  type Node,
  type Storage,
} from "@stargrad/graph";
import type { Loop } from "./backward-loop.js";

/**
 * Runs a loop on an engine with one program per iteration, so that the engine can inspect each iteration. `copied` is called
 * with each node of the body and its copy in the program.
 */
export function runIterations(
  { inputs, attributes }: Loop["scan"],
  storageOf: (input: Node) => Storage,
  engine: Engine,
  copied: (original: Node, copy: Node) => void,
): void {
  const { body, length, reverse } = attributes;
  const [constantCount, count] = [body.constants.length, body.carries.length];
  const leaves = inputs.map(({ shape, dtype }, i) => createLeaf(shape, dtype, storageOf(inputs[i])));
  let carries = leaves.slice(constantCount, constantCount + count);
  const sequences = leaves.slice(constantCount + count);
  const outputs = [...body.next, ...body.results];
  const order = body.order(outputs);
  for (let i = 0; i < length; i++) {
    const index = reverse ? length - 1 - i : i;
    const copies = new Map<Node, Node>([
      ...body.constants.map((formal, k) => [formal, leaves[k]] as const),
      ...body.carries.map((formal, k) => [formal, carries[k]] as const),
      ...body.sequences.map((formal, k) => [formal, sliceOf(sequences[k], index)] as const),
    ]);
    const copyOf = (node: Node): Node => copies.get(node) ?? node;
    for (const node of order) {
      const { operation } = node;
      if (operation === null) throw new Error("a node of a loop is neither a formal nor computed");
      const copy = createNode(
        operation.primitive,
        operation.inputs.map(copyOf),
        operation.attributes as never,
      );
      copies.set(node, copy);
      copied(node, copy);
    }
    const storages = runProgram(engine, outputs.map(copyOf));
    carries = body.next.map(({ shape, dtype }, k) => createLeaf(shape, dtype, storages[k]));
  }
}

/** One slice of a stacked leaf. */
function sliceOf(stack: Node, index: number): Node {
  const shape = stack.shape.slice(1);
  const size = sizeOf(shape);
  const elements = elementsOf(stack).readSync();
  return createLeaf(shape, stack.dtype, new HostStorage(elements.slice(index * size, (index + 1) * size)));
}
