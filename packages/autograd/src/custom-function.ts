import { detach, type Tensor } from "@stargrad/tensor";
import { callable, expectValues, expectList, toTensor } from "@stargrad/tensor/internal";
import { withCustomRule } from "./custom-rule.js";
import { tensorFrom } from "./track.js";

/**
 * The function `forward` with a user-defined derivative: `backward` takes `g` = dL/dy, the inputs and the output, and returns
 * dL/dx for each input x, or null for an input without gradient. For derivatives with a more stable or cheaper formula, and
 * for gradients that intentionally differ from the derivative, such as the straight-through estimator.
 *
 * `backward` can be differentiated again, because it consists of tensor operations. Parameters that `forward` uses without taking
 * them as inputs receive no gradient.
 *
 * Shapes: each gradient has the shape of its input
 * Throws: ArgumentError, ShapeError or DTypeError when a gradient is computed, if `backward` returns another number of
 * gradients, or a gradient with another shape or type than its input
 * Source: torch.autograd.Function
 * Searched for as: custom_vjp (JAX), custom_gradient (TensorFlow)
 */
export function customFunction<Inputs extends readonly Tensor[]>(
  forward: (...inputs: Inputs) => Tensor,
  backward: (g: Tensor, inputs: Inputs, y: Tensor) => readonly (Tensor | null)[],
): (...inputs: Inputs) => Tensor {
  expectValues("customFunction", { forward, backward }, callable);
  return (...operands) => {
    const inputs = operands.map((x) => toTensor("customFunction", x));
    // `map` and the rule's interface return arrays; they have the length and order of the tuple `Inputs`.
    const cut = inputs.map((x) => (x.node.tracked ? detach(x) : x));
    const value = tensorFrom("customFunction", forward(...(cut as unknown as Inputs)));
    return withCustomRule(value.node, {
      name: "customFunction",
      inputs: inputs.map(({ node }) => node),
      rule: (g, given, y) =>
        expectList("customFunction", backward(g, given as unknown as Inputs, y), "gradients").map(
          (gradient) => (gradient === null ? null : toTensor("customFunction", gradient)),
        ),
    });
  };
}

/**
 * Returns the tensor with a hook on the gradient of the returned tensor. The hook receives the total gradient, summed over
 * all paths. It may only observe it (`(g) => void seen.push(g)`), or return a gradient that replaces it.
 *
 * Throws: ShapeError or DTypeError when a gradient is computed, if the hook returns one with another shape or type than x
 * Source: torch.Tensor.register_hook
 */
export function onGradient(x: Tensor, hook: (g: Tensor) => Tensor | undefined): Tensor {
  const { node } = toTensor("onGradient", x);
  expectValues("onGradient", { hook }, callable);
  return withCustomRule(node, {
    name: "onGradient",
    inputs: [node],
    rule: (g) => [toTensor("onGradient", hook(g) ?? g)],
  });
}
