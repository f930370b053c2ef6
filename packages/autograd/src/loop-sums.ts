import type { Node } from "@stargrad/graph";
import { add, expand, matmul, mul, permute, reshape, sum, Tensor } from "@stargrad/tensor";
import { customRuleOf } from "./custom-rule.js";

/** A tensor that is built once the loop exists, from a function that returns the loop's outputs by index. */
export type Later = (output: (index: number) => Tensor) => Tensor;

/** Access to the values of all iterations of a loop from outside of it. */
export interface IterationStacks {
  readonly length: number;
  /** The tensor outside of the loop that equals the node in every iteration; `null` if there is none. */
  constantOf(node: Node): Tensor | null;
  /** Whether `stackOf` has been called for the node. */
  isStacked(node: Node): boolean;
  /** The values of a node in all iterations, stacked along a new leading axis. */
  stackOf(node: Node): Later;
  /** The sum of a node over all iterations, accumulated in the loop. */
  carriedSumOf(node: Node): Later;
}

/** Sums of more parts than this are accumulated inside of the loop. */
const mostParts = 32;

/**
 * The sum of a node over all iterations, as one operation outside of the loop on stacked values: `null` if accumulating
 * inside of the loop is at least as good.
 *
 * The gradient of a layer's weights is a sum of matrix products, one per iteration, `dW = Σₜ xₜᵀ gₜ`. That equals one product
 * of the stacked matrices. Sums over axes, for example for biases, become sums over one more axis.
 */
export function sumOutside(
  node: Node,
  stacks: IterationStacks,
  known = new Map<Node, Later | null>(),
): Later | null {
  const found = known.get(node);
  if (found !== undefined) return found;
  // Store null before the recursion: it ends at a node that is visited again.
  known.set(node, null);
  const sum = known.size > mostParts ? null : sumOf(node, stacks, known);
  const later = sum && once(sum);
  known.set(node, later);
  return later;
}

/** Caches a tensor per loop, so that it is built only once. */
function once(later: Later): Later {
  let made: { readonly output: (index: number) => Tensor; readonly value: Tensor } | null = null;
  return (output) => {
    if (made?.output !== output) made = { output, value: later(output) };
    return made.value;
  };
}

function sumOf(node: Node, stacks: IterationStacks, known: Map<Node, Later | null>): Later | null {
  const constant = stacks.constantOf(node);
  if (constant !== null) return () => mul(constant, stacks.length);
  if (stacks.isStacked(node)) return summed(stacks.stackOf(node));
  const { operation } = node;
  if (operation === null || customRuleOf(node) !== undefined) return null;
  switch (operation.primitive) {
    case "add": {
      const [a, b] = operation.inputs;
      const [left, right] = [sumOutside(a, stacks, known), sumOutside(b, stacks, known)];
      if (left === null && right === null) return null;
      const [first, second] = [left ?? stacks.carriedSumOf(a), right ?? stacks.carriedSumOf(b)];
      return (output) => add(first(output), second(output));
    }
    case "reshape": {
      const inner = sumOutside(operation.inputs[0], stacks, known);
      return inner && ((output) => reshape(inner(output), node.shape));
    }
    case "permute": {
      const inner = sumOutside(operation.inputs[0], stacks, known);
      const { axes } = operation.attributes;
      return inner && ((output) => permute(inner(output), axes));
    }
    case "matmul":
      return summed(product(operation.inputs, stacks));
    case "sum": {
      const [input] = operation.inputs;
      const { axes } = operation.attributes;
      const inner = customRuleOf(input) === undefined ? input.operation : null;
      const alongBatch = axes.every((axis) => axis < input.shape.length - 2);
      const stack =
        inner?.primitive === "matmul" && alongBatch
          ? product(inner.inputs, stacks)
          : stackOutside(input, stacks);
      return summed(
        stack,
        axes.map((axis) => axis + 1),
      );
    }
    default:
      return null;
  }
}

function summed(stack: Later, further: readonly number[] = []): Later {
  return (output) => sum(stack(output), { axis: [0, ...further] });
}

/** The matrix products of all iterations, stacked. */
function product([a, b]: readonly Node[], stacks: IterationStacks): Later {
  const [left, right] = [stackOutside(a, stacks), stackOutside(b, stacks)];
  return (output) => matmul(left(output), right(output));
}

/**
 * The values of a node in all iterations, stacked. Operations that only move elements are applied outside of the loop, so
 * that the same elements are stacked only once.
 */
export function stackOutside(node: Node, stacks: IterationStacks): Later {
  const constant = stacks.constantOf(node);
  const whole = [stacks.length, ...node.shape];
  if (constant !== null) return () => expand(reshape(constant, [1, ...node.shape]), whole);
  const { operation } = node;
  if (operation !== null && customRuleOf(node) === undefined && !stacks.isStacked(node)) {
    const inner = (): Later => stackOutside(operation.inputs[0], stacks);
    switch (operation.primitive) {
      case "reshape": {
        const stack = inner();
        return (output) => reshape(stack(output), whole);
      }
      case "permute": {
        const stack = inner();
        const axes = [0, ...operation.attributes.axes.map((axis) => axis + 1)];
        return (output) => permute(stack(output), axes);
      }
      case "expand": {
        const stack = inner();
        return (output) => expand(stack(output), whole);
      }
    }
  }
  return stacks.stackOf(node);
}
