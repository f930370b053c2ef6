import { ArgumentError } from "@stargrad/graph";
import { detach, type Tensor } from "@stargrad/tensor";
import { withCustomRule } from "./custom-rule.js";

/**
 * The function `forward` with a derivative of your own: `backward` takes `g` = dL/dy, the inputs and the output, and
 * returns dL/dx for each input x, or null where there is none. For derivatives that are known in a stabler or cheaper
 * form, and for those that are meant to be something else, such as a straight-through estimate.
 *
 * Written in tensor operations, `backward` can be differentiated again. Parameters that `forward` uses without taking
 * them as inputs receive no gradient.
 *
 * Shapes: each gradient as its input
 * Throws: ArgumentError, ShapeError or DTypeError, once a gradient is asked for, if `backward` returns another number of
 * gradients, or one that is not like its input
 * Source: torch.autograd.Function; jax.custom_vjp
 */
export function customFunction<Inputs extends readonly Tensor[]>(
  forward: (...inputs: Inputs) => Tensor,
  backward: (g: Tensor, inputs: Inputs, y: Tensor) => readonly (Tensor | null)[],
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    // Tensors in the same number and order as the tuple `Inputs`, which `map` and the rule's interface only call arrays.
    const cut = inputs.map((x) => (x.node.tracked ? detach(x) : x));
    return withCustomRule(forward(...(cut as unknown as Inputs)).node, {
      name: "customFunction",
      inputs: inputs.map(({ node }) => node),
      rule(g, given, y) {
        const gradients = backward(g, given as unknown as Inputs, y);
        if (gradients.length === inputs.length) return gradients;
        throw new ArgumentError(
          "customFunction",
          `backward returned ${gradients.length} gradients for ${inputs.length} inputs`,
          "Return null for an input that needs none",
        );
      },
    });
  };
}

/**
 * The tensor itself, with a hook on the gradient that flows back through what is returned: the whole of it, where several
 * paths meet. The hook may only look (`(g) => void seen.push(g)`), or return another gradient to go on with.
 *
 * Throws: ShapeError or DTypeError, once a gradient is asked for, if the hook returns one that is not like x
 * Source: torch.Tensor.register_hook
 */
export function onGradient(x: Tensor, hook: (g: Tensor) => Tensor | undefined): Tensor {
  return withCustomRule(x.node, {
    name: "onGradient",
    inputs: [x.node],
    rule: (g) => [hook(g) ?? g],
  });
}
