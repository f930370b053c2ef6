import {
  DTypeError,
  formatShape,
  sameShape,
  ShapeError,
  type Node,
  type Operation,
  type Shape,
} from "@stargrad/graph";
import { withoutHistory } from "@stargrad/graph/internal";
import { add, reshape, sum, Tensor } from "@stargrad/tensor";
import { customRuleOf } from "./custom-rule.js";
import { gradientOrder, leadingTo, sourcesOf } from "./gradient-order.js";
import { rules } from "./rules.js";
import { scanGradient } from "./scan-gradient.js";
import { SliceGradients } from "./slice-gradients.js";

/**
 * Back-propagation. Walks the graph from its roots against the direction it was computed in, carrying the gradient of
 * each root, and returns dL/dt for every target t that a root depends on. The walk ends at the targets.
 *
 * Each step asks the table of rules how much of the gradient goes to each input; where paths meet, gradients add up. The
 * outputs of a loop are one step: their gradients go through it together.
 *
 * No gradient goes to nodes of the `boundary` that are not targets, or past them. Default: the targets.
 * `order`: the `gradientOrder` of the roots, of whoever knows it already.
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
    for (const [place, contribution] of contributionsOf(node).entries()) {
      if (contribution === null || !leading.has(inputs[place])) continue;
      checkContribution(node, place, contribution);
      accumulate(inputs[place], contribution);
    }
  }
  return gradients;

  /** What goes to each input of a node, all of whose gradient has arrived. */
  function contributionsOf(node: Node): readonly (Tensor | null)[] {
    const { operation } = node;
    const ofOutputs = ofLoops.get(node);
    if (operation?.primitive === "scan" && ofOutputs !== undefined) {
      return differentiating(node, () =>
        scanGradient(
          { bundle: node, scan: operation },
          ofOutputs,
          (place) => leading.has(operation.inputs[place]),
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
    // Several nodes may stand for one output.
    const known = collected.get(index);
    ofLoops.set(bundle, collected.set(index, known === undefined ? g : add(known, g)));
    return [];
  }
}

let differentiated: Node | null = null;

/** The node whose gradient rule is being asked right now. */
export function nodeBeingDifferentiated(): Node | null {
  return differentiated;
}

function differentiating<T>(node: Node, ask: () => T): T {
  const outer = differentiated;
  differentiated = node;
  try {
    return ask();
  } finally {
    differentiated = outer;
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
  if (custom !== undefined) return custom.rule(g, inputs, new Tensor(node));
  if (node.operation === null) return [];
  const contributions = applyRule(node.operation, g, inputs, new Tensor(node));
  return contributions.map((contribution, i) =>
    contribution !== null && isWanted(sources[i]) ? gathered(contribution, sources[i].shape) : null,
  );
}

/** Sums what goes to the copies of an input that an elementwise operation has broadcast. */
function gathered(contribution: Tensor, shape: Shape): Tensor {
  if (sameShape(contribution.shape, shape)) return contribution;
  const added = contribution.ndim - shape.length;
  const axes = contribution.shape.flatMap((length, axis) =>
    axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : [],
  );
  const total = sum(contribution, { axis: axes });
  return sameShape(total.shape, shape) ? total : reshape(total, shape);
}

/** A row of the table, whichever it is. */
type AnyRule = (
  g: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
  attributes: object,
) => readonly (Tensor | null)[];

function applyRule(
  { primitive, attributes }: Operation,
  g: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
): readonly (Tensor | null)[] {
  // Each row takes the attributes of its own primitive; an operation carries just those. Loops do not get here.
  const rule = rules[primitive] as AnyRule | null;
  return rule === null ? [] : rule(g, inputs, y, attributes);
}

/** A rule that returns another shape or type would spoil every gradient before it. */
function checkContribution(node: Node, place: number, contribution: Tensor): void {
  const input = sourcesOf(node)[place];
  const called = customRuleOf(node)?.name ?? `the gradient rule of ${node.operation?.primitive}`;
  const problem = (got: string, expected: string): string =>
    `the gradient of input ${place} came back as ${got}; expected ${expected}`;
  if (!sameShape(contribution.shape, input.shape)) {
    throw new ShapeError(called, problem(formatShape(contribution.shape), formatShape(input.shape)));
  }
  if (contribution.dtype !== input.dtype) {
    throw new DTypeError(called, problem(contribution.dtype, input.dtype));
  }
}
