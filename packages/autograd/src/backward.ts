import {
  ArgumentError,
  DTypeError,
  formatShape,
  pendingNodes,
  sameShape,
  ShapeError,
  type Node,
} from "@stargrad/graph";
import { add, onesLike, detach, Tensor } from "@stargrad/tensor";
import { given, input, operation, toTensor } from "@stargrad/tensor/internal";
import { pullBack } from "./pull-back.js";
import { gradientOrder } from "./gradient-order.js";
import { parameterOf, type Parameter } from "./parameter.js";

/**
 * Computes the gradient of a loss by back-propagation: adds dL/dp to `p.grad` for each parameter p that the loss depends on.
 * The `grad` of other parameters does not change.
 *
 * Shapes: loss []; a loss of another shape needs a `gradient` of that shape, which weights its elements
 * Throws: ArgumentError if the loss depends on no parameter; ShapeError if it is not a scalar and no gradient is given;
 * ShapeError or DTypeError if the gradient is of another shape or type than the loss; StaleValueError if a
 * parameter has been updated twice since the loss was computed from it
 * Source: torch.Tensor.backward
 */
export const backward = /* @__PURE__ */ operation(
  "backward",
  [input, given],
  (loss: Tensor, weights: unknown): void => {
    const seed = weights === undefined ? seedFor(loss) : toTensor("backward", notParameters(weights), loss);
    if (!sameShape(seed.shape, loss.shape)) {
      throw new ShapeError(
        "backward",
        `the gradient has the shape ${formatShape(seed.shape)}; the loss has ${formatShape(loss.shape)}`,
      );
    }
    if (seed.dtype !== loss.dtype) {
      throw new DTypeError(
        "backward",
        `the gradient is ${seed.dtype}; the loss is ${loss.dtype}`,
        "Cast it first",
      );
    }
    const order = gradientOrder([loss.node]);
    const parameters = parametersAmong(order);
    if (parameters.size === 0) {
      throw new ArgumentError(
        "backward",
        "the loss depends on no parameter that requires a gradient",
        "Compute it from Parameters, and not through item, detach, comparisons or integers",
      );
    }
    // Leaves are never pending, unless their value has been released. Then this throws.
    pendingNodes([...parameters.keys()]);
    const contributions = pullBack([[loss, seed]], new Set(parameters.keys()), { order });
    const group = [loss.node];
    for (const [leaf, parameter] of parameters) {
      const contribution = contributions.get(leaf);
      if (contribution === undefined) continue;
      const detached = detach(contribution);
      const known = parameter.grad;
      const gradient = known === null ? detached : add(known, detached);
      parameter.ownGradient(gradient);
      group.push(gradient.node);
    }
    // A program that computes one gradient computes most of the others anyway. As co-outputs they are materialized together, so they
    // can be read after the parameters have changed, and parameters without an optimizer do not accumulate pending gradients.
    const pending = group.filter(({ storage }) => storage === null).reverse();
    for (const node of pending) node.addCoOutputs(pending);
  },
) as (loss: Tensor, gradient?: Tensor) => void;

/** The parameters among nodes, by the leaf with the value that was used. */
function parametersAmong(nodes: readonly Node[]): Map<Node, Parameter> {
  const parameters = new Map<Node, Parameter>();
  for (const node of nodes) {
    const parameter = parameterOf(node);
    if (parameter !== undefined) parameters.set(node, parameter);
  }
  return parameters;
}

/** `backward(loss, parameters)` is the call of other libraries. */
function notParameters(weights: unknown): unknown {
  if (!Array.isArray(weights) || !weights.some((each) => each instanceof Tensor)) return weights;
  throw new ArgumentError(
    "backward",
    "got a list of tensors as the gradient of the loss",
    "Call backward(loss): every parameter that the loss depends on gets its grad",
  );
}

function seedFor(loss: Tensor): Tensor {
  if (loss.ndim === 0) return onesLike(loss);
  throw new ShapeError(
    "backward",
    `got a loss of shape ${formatShape(loss.shape)}; expected a scalar`,
    "Reduce it (loss.mean()), or pass the gradient of each element",
  );
}
