import { createNode, type Node } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { concat, Tensor } from "@stargrad/tensor";
import { callable, expectValues, toTensor } from "@stargrad/tensor/internal";
import { customRuleOf, withCustomRule } from "./custom-rule.js";
import { pullBack } from "./pull-back.js";
import { tensorFrom } from "./track.js";
import { sourcesOf } from "./gradient-order.js";

/**
 * The same function, but its intermediate results are recomputed for the gradient instead of being kept (gradient checkpointing).
 *
 * A program that computes a loss and its gradients keeps each intermediate result until the gradient has used it. Of a
 * rematerialized function it keeps only the inputs and the output. The other results are freed in the forward pass and
 * recomputed from the inputs in the backward pass. This trades the time of one more forward pass for memory, and is useful
 * for several such functions in sequence. Programs without a gradient are not affected, and neither are the results: f is
 * called once, and the same operations run again with the same random numbers, so the results are equal to the bit.
 *
 * Parameters that f uses receive their gradients as usual. Values that do not depend on the inputs, such as a dropout mask, are
 * shared and not recomputed.
 *
 * Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016; torch.utils.checkpoint
 * Searched for as: jax.checkpoint, jax.remat; tf.recompute_grad
 */
export function rematerialize<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
): (...inputs: Inputs) => Tensor {
  expectValues("rematerialize", { f }, callable);
  return (...inputs) => {
    const operands = inputs.map((x) => toTensor("rematerialize", x));
    const given = operands.map(({ node }) => node);
    // `map` returns an array; it has the length and order of the tuple `Inputs`.
    const value = tensorFrom("rematerialize", f(...(operands as unknown as Inputs))).node;
    return withCustomRule(value, {
      name: "rematerialize",
      inputs: [...given, ...usedBeside(given, value)],
      rule(g, sources, y) {
        // Use the nodes that the rule receives: inside of another rematerialized function they are copies.
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
 * The tensor x with an artificial dependency on g: one element of g is appended and removed again. Without this dependency, a
 * program could recompute everything at its start and would keep the results as long as before.
 */
function after(g: Tensor, x: Tensor): Tensor {
  const first = g.reshape([g.size]).narrow(0, 0, Math.min(g.size, 1));
  const joined = concat([x.reshape([x.size]), first.cast(x.dtype)]);
  return joined.narrow(0, 0, x.size).reshape(x.shape);
}

/** The nodes that depend on an input and that y depends on (including y), inputs before outputs, without the inputs. */
function between(inputs: readonly Node[], y: Node): Set<Node> {
  const starts = new Set(inputs);
  const region = new Set<Node>();
  for (const node of topologicalOrder([y], (candidate) => !starts.has(candidate))) {
    if (node.operation?.inputs.some((input) => starts.has(input) || region.has(input)) === true)
      region.add(node);
  }
  return region;
}

/** The nodes outside of that region that receive a gradient from it, such as parameters. */
function usedBeside(inputs: readonly Node[], y: Node): Node[] {
  const region = between(inputs, y);
  const known = new Set([...inputs, ...region]);
  const sources = [...region].filter(({ tracked }) => tracked).flatMap((node) => [...sourcesOf(node)]);
  return [...new Set([y, ...sources])].filter((node) => node.tracked && !known.has(node));
}

/** Copies all nodes between the inputs and y with replaced inputs; returns the copy of y. */
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

/** The node whose value a node with a custom rule has. */
function operandOf(node: Node): Node {
  const [value] = node.operation?.inputs ?? [];
  return value;
}
