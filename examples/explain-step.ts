// How much did each weight decrease the loss? `promise` is what its gradient predicts; `paid` is measured, and adds up.
//
//     node --conditions=source --import tsx examples/explain-step.ts

import {
  Adam,
  describeStep,
  describeWeight,
  explainStep,
  Generator,
  Linear,
  mseLoss,
  proveIt,
} from "stargrad";
import { Sequential, Tanh, tensor } from "stargrad";

const generator = new Generator(1);
const output = new Linear(4, 1, { generator });
const model = new Sequential(new Linear(2, 4, { generator }), new Tanh(), output);
const optimizer = new Adam(model.parameters(), { learningRate: 0.2 });
const x = tensor([0, 0, 0, 1, 1, 0, 1, 1], { shape: [4, 2] });
const y = tensor([0, 1, 1, 0], { shape: [4, 1] }); // xor
const loss = () => mseLoss(model.forward(x), y);

const step = await explainStep({
  parameters: model.namedParameters(),
  loss,
  step: () => {
    optimizer.step();
  },
});
console.log(describeStep(step, "kid"));
// -> The mistake went from 0.5297 down to 0.3247. The turns had promised 0.81 and paid 0.2.
console.log(describeWeight(step.largest(1)[0])); // -> layer 2, bias [0]: turned up by 0.2; promised 0.21, paid 0.051
console.log([...step.byLayer().values()].map(({ paid }) => paid.toFixed(3))); // -> [ '0.080', '0.124' ]
console.log(step.unexplainedShare < 0.001); // -> true

// Moving a weight up and down shows that its blame (its gradient) is the slope of the loss.
const { blame, slope } = await proveIt(output.weight, [0, 1], { loss });
console.log(Math.abs(blame - slope) < 0.001); // -> true
