import { type Node } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { customRuleOf } from "./custom-rule.js";

/** The nodes that receive a gradient from a node. */
export function sourcesOf(node: Node): readonly Node[] {
  return customRuleOf(node)?.inputs ?? node.operation?.inputs ?? [];
}

/** The tracked nodes that gradients of the roots reach, inputs before outputs, up to the boundary if there is one. */
export function gradientOrder(roots: readonly Node[], boundary?: ReadonlySet<Node>): Node[] {
  return topologicalOrder(
    roots,
    ({ tracked }) => tracked,
    (node) => (boundary?.has(node) === true ? [] : sourcesOf(node)),
  );
}

/** The nodes of an order that are targets or depend on one. */
export function leadingTo(targets: ReadonlySet<Node>, order: readonly Node[]): Set<Node> {
  const leading = new Set<Node>();
  for (const node of order) {
    if (targets.has(node) || sourcesOf(node).some((input) => leading.has(input))) leading.add(node);
  }
  return leading;
}
