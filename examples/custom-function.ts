// A function can have a custom gradient: because a better formula for it is known, or because its derivative is useless.
//
//     node --conditions=source --import tsx examples/custom-function.ts

import { backward, checkGradient, customFunction, grad, Parameter, tensor, type Tensor } from "stargrad";

// ln(1 + eˣ): for large x the ordinary rules divide ∞ by ∞, although the derivative is simply 1 / (1 + e⁻ˣ).
const naive = (x: Tensor): Tensor => x.exp().add(1).log();
const stable = customFunction(naive, (g, [x]) => [g.mul(x.sigmoid())]);
console.log(grad(naive)(tensor(100)).itemSync(), grad(stable)(tensor(100)).itemSync()); // -> NaN 1

// `checkGradient` checks whether a derivative is right. A derivative made of tensor operations has higher derivatives, too.
const x = tensor([-1, 0.5, 2], { dtype: "float64" });
console.log(checkGradient(stable, [x]).checked, checkGradient(stable, [x], { order: 2 }).checked); // -> 3 3

// The derivative of rounding is 0, so nothing can be learned through it. With the derivative 1 instead, weights can be learned
// that are rounded to whole numbers whenever they are used ("straight-through estimator": Bengio et al., 2013).
const round = customFunction(
  (w: Tensor) => w.round(),
  (g) => [g],
);
const w = new Parameter(tensor([0.2, 0.4, -0.3]));
const target = tensor([3, -2, 1]);
for (let step = 0; step < 50; step++) {
  backward(round(w).sub(target).square().sum());
  if (w.grad !== null) w.assign(w.sub(w.grad.mul(0.05)));
  w.grad = null;
}
console.log(await round(w).toArray()); // -> [ 3, -2, 1 ]
