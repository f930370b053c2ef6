import {
  ArgumentError,
  DTypeError,
  formatShape,
  sameShape,
  ShapeError,
  type Node,
  type Operation,
  type Shape,
} from "@stargrad/graph";
import { shared, withoutHistory } from "@stargrad/graph/internal";
import { add, reshape, sum, Tensor } from "@stargrad/tensor";
import { customRuleOf } from "./custom-rule.js";
import { gradientOrder, leadingTo, sourcesOf } from "./gradient-order.js";
import { rules, type InputGradient } from "./rules.js";
import { scanGradient } from "./scan-gradient.js";
import { SliceGradients } from "./slice-gradients.js";

/**
 * Back-propagation (reverse-mode differentiation). Traverses the graph from the roots to the targets with the gradient of
 * each root, and returns dL/dt for every target t that a root depends on.
 *
 * At each node, the table of rules computes the gradients of the inputs; gradients from several paths are added. All outputs of a
 * loop are processed together.
 *
 * `boundary`: nodes at which the traversal stops; those that are not targets receive no gradient. Default: the targets.
 * `order`: the `gradientOrder` of the roots, if the caller has computed it already.
 */
export function pullBack(
  roots: readonly (readonly [root: Tensor, gradient: Tensor])[],
  targets: ReadonlySet<Node>,
  {
    boundary = targets,
    order,
  }: { readonly boundary?: ReadonlySet<Node>; readonly order?: readonly Node[] } = {},
): Map<Node, Tensor> {
  const nodes = roots.map(([root]) => root.node);
  return withoutHistory(() => gradientsOf(roots, targets, boundary, order ?? gradientOrder(nodes, boundary)));
}

function gradientsOf(
  roots: readonly (readonly [root: Tensor, gradient: Tensor])[],
  targets: ReadonlySet<Node>,
  boundary: ReadonlySet<Node>,
  order: readonly Node[],
): Map<Node, Tensor> {
  const leading = leadingTo(targets, order);
  const gradients = new Map<Node, Tensor>();
  const ofLoops = new Map<Node, Map<number, Tensor>>();
  const slices = new SliceGradients();
  const accumulate = (node: Node, contribution: Tensor): void => {
    const known = gradients.get(node);
    gradients.set(node, known === undefined ? contribution : add(known, contribution));
  };
  for (const [root, gradient] of roots) accumulate(root.node, gradient);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    for (const part of slices.take(node)) accumulate(node, part);
    if (boundary.has(node) || !leading.has(node)) continue;
    const inputs = sourcesOf(node);
    const contributions = contributionsOf(node);
    for (let index = 0; index < contributions.length; index++) {
      const contribution = contributions[index];
      const input = inputs[index];
      if (contribution === null || !leading.has(input)) continue;
      const { shape, dtype } = contribution;
      if (!sameShape(shape, input.shape) || dtype !== input.dtype) throw misfit(node, index, contribution);
      accumulate(input, contribution);
    }
  }
  return gradients;

  /** The gradients of a node's inputs, once the node's own gradient is complete. */
  function contributionsOf(node: Node): readonly (Tensor | null)[] {
    const { operation } = node;
    const ofOutputs = ofLoops.get(node);
    if (operation?.primitive === "scan" && ofOutputs !== undefined) {
      return differentiating(node, () =>
        scanGradient(
          { bundle: node, scan: operation },
          ofOutputs,
          (index) => leading.has(operation.inputs[index]),
          pullBack,
        ),
      );
    }
    const g = gradients.get(node);
    if (g === undefined) return [];
    gradients.delete(node);
    const isSlice = operation?.primitive === "slice" && customRuleOf(node) === undefined;
    if (isSlice && slices.add(operation.inputs[0], operation.attributes, g)) return [];
    if (operation?.primitive !== "scanOutput") {
      return differentiating(node, () => differentiate(node, g, (input) => leading.has(input)));
    }
    const [bundle] = operation.inputs;
    const collected = ofLoops.get(bundle) ?? new Map<number, Tensor>();
    const { index } = operation.attributes;
    // Several nodes may represent the same output.
    const known = collected.get(index);
    ofLoops.set(bundle, collected.set(index, known === undefined ? g : add(known, g)));
    return [];
  }
}

const current = /* @__PURE__ */ shared("differentiated", () => ({ node: null as Node | null }));

/** The node whose gradient rule is running now; `null` if none is. */
export function nodeBeingDifferentiated(): Node | null {
  return current.node;
}

function differentiating<T>(node: Node, compute: () => T): T {
  const outer = current.node;
  current.node = node;
  try {
    return compute();
  } finally {
    current.node = outer;
  }
}

function differentiate(
  node: Node,
  g: Tensor,
  isWanted: (input: Node) => boolean,
): readonly (Tensor | null)[] {
  const sources = sourcesOf(node);
  const inputs = sources.map((input) => new Tensor(input));
  const custom = customRuleOf(node);
  if (custom === undefined && (node.operation === null || rules[node.operation.primitive] === null))
    return [];
  const y = new Tensor(node);
  if (custom !== undefined) return complete(node, custom.rule(g, inputs, y), inputs.length);
  const contributions = complete(node, applyRule(node.operation as Operation, g, inputs, y), inputs.length);
  return contributions.map((contribution, i) => {
    if (contribution === null || !isWanted(sources[i])) return null;
    return gathered(typeof contribution === "function" ? contribution() : contribution, sources[i].shape);
  });
}

/** Returns the contributions of a rule if there is one for each input: a missing gradient would be taken for 0. */
function complete<C>(node: Node, contributions: readonly C[], inputs: number): readonly C[] {
  if (contributions.length === inputs) return contributions;
  const problem = `backward returned ${contributions.length} gradients for ${inputs} inputs`;
  throw new ArgumentError(ruleName(node), problem, "Return null for an input that needs none");
}

/** Sums a gradient over the axes along which an elementwise operation has broadcast the input. */
function gathered(contribution: Tensor, shape: Shape): Tensor {
  if (sameShape(contribution.shape, shape)) return contribution;
  const added = contribution.ndim - shape.length;
  const axes = contribution.shape.flatMap((length, axis) =>
    axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : [],
  );
  const total = sum(contribution, { axis: axes });
  return sameShape(total.shape, shape) ? total : reshape(total, shape);
}

/** A row of the table of rules, for any primitive. */
type AnyRule = (
  g: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
  attributes: object,
) => readonly InputGradient[];

function applyRule(
  { primitive, attributes }: Operation,
  g: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
): readonly InputGradient[] {
  // The attributes have the type that the rule of the same primitive takes. Loops are handled by the caller.
  const rule = rules[primitive] as AnyRule;
  return rule(g, inputs, y, attributes);
}

/** The name of a node's gradient rule in errors. */
function ruleName(node: Node): string {
  return customRuleOf(node)?.name ?? `the gradient rule of ${node.operation?.primitive}`;
}

/** The error of a rule whose result has the wrong shape or type: it would corrupt all gradients computed from it. */
function misfit(node: Node, index: number, { shape, dtype }: Tensor): ShapeError | DTypeError {
  const input = sourcesOf(node)[index];
  const called = ruleName(node);
  const problem = (got: string, expected: string): string =>
    `the gradient of input ${index} is ${got}; expected ${expected}`;
  return sameShape(shape, input.shape)
    ? new DTypeError(called, problem(dtype, input.dtype))
    : new ShapeError(called, problem(formatShape(shape), formatShape(input.shape)));
}
