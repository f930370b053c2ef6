// Back-propagation step by step: make an attempt, measure the mistake, trace it back, adjust, and try again.
//
//     node --conditions=source --import tsx examples/backward.ts

import { backward, Generator, normal, Parameter, tensor, zeros, type Tensor } from "stargrad";

// The exclusive or: true if exactly one of two inputs is true. No straight line separates the two classes.
const questions = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const answers = tensor([[0], [1], [1], [0]]);

const generator = new Generator(1);
const hidden = { weight: new Parameter(normal([2, 8], { generator })), bias: new Parameter(zeros([8])) };
const output = { weight: new Parameter(normal([8, 1], { generator })), bias: new Parameter(zeros([1])) };
const parameters: Parameter[] = [...Object.values(hidden), ...Object.values(output)];

function attempt(x: Tensor): Tensor {
  const features = x.matmul(hidden.weight).add(hidden.bias).tanh(); // [4, 8]
  return features.matmul(output.weight).add(output.bias).sigmoid(); // [4, 1]
}

for (let step = 0; step < 500; step++) {
  const mistake = attempt(questions).sub(answers).square().mean();
  backward(mistake); // sets the gradient of the mistake in `grad` of every parameter
  for (const parameter of parameters) {
    if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(2)));
    parameter.grad = null;
  }
}

console.log(await attempt(questions).round().reshape([4]).toArray()); // -> [ 0, 1, 1, 0 ]
