import { describe, expect, it } from "vitest";

import { runProgram } from "./engine.js";
import { loopCases } from "./loop-cases.js";
import { createNode, type Node } from "./node.js";
import { referenceEngine } from "./reference-engine.js";

/** The outputs of an unrolled loop, as nodes without a loop. */
function unrolled([first, ...others]: readonly Node[]): Node[] {
  const [{ operation }] = first.operation?.inputs ?? [];
  if (operation?.primitive !== "scan")
    throw new Error(`${others.length + 1} nodes are not outputs of a loop`);
  const { body, length, reverse } = operation.attributes;
  const { constants, carries: formals, sequences } = body;
  let carries = operation.inputs.slice(constants.length, constants.length + formals.length);
  const stacks: Node[][] = body.results.map(() => []);
  for (let i = 0; i < length; i++) {
    const index = reverse ? length - 1 - i : i;
    const copies = new Map<Node, Node>();
    constants.forEach((formal, k) => copies.set(formal, operation.inputs[k]));
    formals.forEach((formal, k) => copies.set(formal, carries[k]));
    sequences.forEach((formal, k) => {
      copies.set(formal, sliceOf(operation.inputs[constants.length + formals.length + k], index));
    });
    const copyOf = (node: Node): Node => copies.get(node) ?? node;
    for (const node of body.order([...body.next, ...body.results])) {
      if (node.operation === null) throw new Error("the order of a body contains a formal");
      const { primitive, inputs, attributes } = node.operation;
      copies.set(node, createNode(primitive, inputs.map(copyOf), attributes as never));
    }
    carries = body.next.map(copyOf);
    body.results.forEach((node, k) => (stacks[k][index] = copyOf(node)));
  }
  return [
    ...carries,
    ...stacks.map((stack) => {
      const rows = stack.map((node) => createNode("reshape", [node], { shape: [1, ...node.shape] }));
      return createNode("concat", rows, { axis: 0 });
    }),
  ];
}

function sliceOf(sequence: Node, index: number): Node {
  const shape = sequence.shape.slice(1);
  const slice = createNode("slice", [sequence], {
    starts: [index, ...shape.map(() => 0)],
    lengths: [1, ...shape],
    steps: [1, ...shape.map(() => 1)],
  });
  return createNode("reshape", [slice], { shape });
}

describe.each(["float32", "float64"] as const)("loops of %s on the reference engine", (dtype) => {
  it.each(loopCases(dtype).map(({ name, build }) => [name, build] as const))("%s", (_, build) => {
    const outputs = build();
    const [got, expected] = [outputs, unrolled(outputs)].map((nodes) =>
      runProgram(referenceEngine, nodes).map((storage) => storage.readSync()),
    );
    expect(got).toEqual(expected);
    // An output that is computed alone has the same value.
    outputs.forEach((output, i) => {
      expect(runProgram(referenceEngine, [output])[0].readSync()).toEqual(expected[i]);
    });
  });
});
