import { createNode, type Node } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { concat, Tensor } from "@stargrad/tensor";
import { customRuleOf, withCustomRule } from "./custom-rule.js";
import { pullBack } from "./pull-back.js";
import { sourcesOf } from "./gradient-order.js";

/**
 * The same function, whose intermediate results are computed once more for the gradient instead of being kept for it.
 *
 * A program that computes a loss and its gradients holds an intermediate result from where it is computed until the
 * gradient has used it. Of a rematerialized function only the inputs and the output are held that long: the rest is let
 * go on the way forward and, when the gradient arrives, computed again from the inputs. That trades the time of one more
 * forward pass for memory, and pays where several such functions follow one another. It changes nothing for a program
 * without a gradient, and nothing about the result: f is called once and the very same operations run again, on the same
 * random numbers if it draws any, so the bits are the same.
 *
 * Parameters that f uses receive their gradients as ever. What does not depend on the inputs, such as a dropout mask, is
 * shared and not computed again.
 *
 * Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016; torch.utils.checkpoint
 */
export function rematerialize<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    const given = inputs.map(({ node }) => node);
    const value = f(...inputs).node;
    return withCustomRule(value, {
      name: "rematerialize",
      inputs: [...given, ...usedBeside(given, value)],
      rule(g, sources, y) {
        // The nodes are taken from what the rule is given: inside another rematerialized function they are copies.
        const boundary = sources.map(({ node }) => node);
        const waiting = boundary.slice(0, given.length).map((x) => after(g, new Tensor(x)).node);
        const again = repeat(boundary.slice(0, given.length), waiting, operandOf(y.node));
        const targets = [...waiting, ...boundary.slice(given.length)];
        const gradients = pullBack([[new Tensor(again), g]], new Set(targets));
        return targets.map((target) => gradients.get(target) ?? null);
      },
    });
  };
}

/**
 * The tensor x, bit for bit, but not before g: one element of g is joined to it and cut off again. Without that, nothing
 * would keep a program from computing everything again at the start, and holding it as long as before.
 */
function after(g: Tensor, x: Tensor): Tensor {
  const first = g.reshape([g.size]).narrow(0, 0, Math.min(g.size, 1));
  const joined = concat([x.reshape([x.size]), first.cast(x.dtype)]);
  return joined.narrow(0, 0, x.size).reshape(x.shape);
}

/** The nodes on the way from some of the inputs to y, inputs before outputs; neither the inputs nor what is beside the way. */
function between(inputs: readonly Node[], y: Node): Set<Node> {
  const starts = new Set(inputs);
  const region = new Set<Node>();
  for (const node of topologicalOrder([y], (candidate) => !starts.has(candidate))) {
    if (node.operation?.inputs.some((input) => starts.has(input) || region.has(input)) === true)
      region.add(node);
  }
  return region;
}

/** The nodes beside the way from the inputs to y that a gradient of y flows to. */
function usedBeside(inputs: readonly Node[], y: Node): Node[] {
  const region = between(inputs, y);
  const known = new Set([...inputs, ...region]);
  const sources = [...region].filter(({ tracked }) => tracked).flatMap((node) => [...sourcesOf(node)]);
  return [...new Set([y, ...sources])].filter((node) => node.tracked && !known.has(node));
}

/** A copy of everything between the inputs and y, on other inputs; returns the copy of y. */
function repeat(inputs: readonly Node[], replacements: readonly Node[], y: Node): Node {
  const copies = new Map(inputs.map((input, i) => [input, replacements[i]]));
  const copyOf = (node: Node): Node => copies.get(node) ?? node;
  for (const node of between(inputs, y)) copies.set(node, copied(node, copyOf));
  return copyOf(y);
}

function copied(node: Node, copyOf: (input: Node) => Node): Node {
  const rule = customRuleOf(node);
  if (rule !== undefined) {
    return withCustomRule(copyOf(operandOf(node)), { ...rule, inputs: rule.inputs.map(copyOf) }).node;
  }
  const { operation } = node;
  if (operation === null) throw new Error("a node between others has no operation");
  return createNode(operation.primitive, operation.inputs.map(copyOf), operation.attributes as never);
}

/** The node whose value this one has, which was made to follow a rule of its own. */
function operandOf(node: Node): Node {
  const [value] = node.operation?.inputs ?? [];
  return value;
}
