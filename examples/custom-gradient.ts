// A function may be given a derivative of its own: because it is known in a better form, or because there is none.
//
//     node --conditions=source --import tsx examples/custom-function.ts

import { backward, checkGradient, customFunction, grad, Parameter, tensor, type Tensor } from "stargrad";

// ln(1 + eˣ): for large x the ordinary rules divide ∞ by ∞, though the derivative is just 1 / (1 + e⁻ˣ).
const naive = (x: Tensor): Tensor => x.exp().add(1).log();
const stable = customFunction(naive, (g, [x]) => [g.mul(x.sigmoid())]);
console.log(grad(naive)(tensor(100)).itemSync(), grad(stable)(tensor(100)).itemSync()); // -> NaN 1

// Whether a derivative is right can be asked. Made of tensor operations, it has further derivatives for free.
const x = tensor([-1, 0.5, 2], { dtype: "float64" });
console.log(checkGradient(stable, [x]).checked, checkGradient(stable, [x], { order: 2 }).checked); // -> 3 3

// Rounding has the derivative 0, from which nothing can be learned. Pretending that it is 1 lets weights be learned that
// are whole numbers whenever they are used ("straight through": Bengio et al., 2013).
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
