// A derivative is an ordinary function of tensors, so it has derivatives, too. This example uses them.
//
//     node --conditions=source --import tsx examples/grad-of-grad.ts

import { grad, hvp, tensor, type Tensor } from "stargrad";

const f64 = (data: number | number[]): Tensor => tensor(data, { dtype: "float64" });

// x³ and its first, second and third derivative at 2.
let f = (x: Tensor): Tensor => x.pow(3);
for (const name of ["x³", "3x²", "6x", "6"]) {
  console.log(name, f(f64(2)).itemSync());
  f = grad(f);
}
// -> x³ 8
// -> 3x² 12
// -> 6x 12
// -> 6 6

// Newton's method finds a minimum from slope and curvature, in fewer steps than gradient descent.
const valley = (x: Tensor): Tensor => x.sub(1).pow(2).add(x.pow(4));
const slope = grad(valley);
const curvature = grad(slope);
let x: Tensor = f64(3);
for (let step = 0; step < 8; step++) x = x.sub(slope(x).div(curvature(x)));
console.log(x.itemSync().toFixed(6), Math.abs(slope(x).itemSync()) < 1e-12); // -> 0.589755 true

// For many inputs the second derivatives form a matrix, the Hessian. Its product with a vector costs about two gradients.
const banana = (point: Tensor): Tensor => {
  const [a, b] = [point.select(0, 0), point.select(0, 1)];
  return a.sub(1).square().add(b.sub(a.square()).square().mul(100));
};
const { grad: gradient, product } = hvp((p: Tensor) => banana(p), [f64([1, 2])], [f64([1, 0])]);
console.log(gradient[0].toArraySync(), product[0].toArraySync()); // -> [ -400, 200 ] [ 402, -400 ]
