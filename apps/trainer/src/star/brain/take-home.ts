import { push, type BrainSettings } from "./sizes.js";

const bends = { tanh: "Tanh", sigmoid: "Sigmoid", relu: "ReLU" } as const;

/** Twelve lines of TypeScript that make the same tries and print the same mistakes. */
export function programOf(
  { seed, learningRate, optimizer, activation, start }: BrainSettings,
  tries: number,
): string {
  const bend = bends[activation];
  const teacher = optimizer === "adam" ? "Adam" : "SGD";
  const begin = {
    usual: "",
    zero: "for (const knob of brain.parameters()) knob.assign(knob.detach().mul(0));\n",
    pushed: `for (const { bias } of [brain.layers[0], brain.layers[2]]) bias?.assign(bias.detach().add(${push}));\n`,
  }[start];
  return `import { backward } from "@stargrad/autograd";
import { starPixels } from "@stargrad/datasets";
import { Linear, mseLoss, Sequential, ${bend} } from "@stargrad/nn";
import { ${teacher} } from "@stargrad/optim";
import { Generator } from "@stargrad/tensor";
const [generator, { x, y }] = [new Generator(${seed}), starPixels({ size: 28 }).batch(Int32Array.from({ length: 784 }, (_, i) => i))];
const layer = (from: number, to: number) => new Linear(from, to, { generator });
const brain = new Sequential(layer(2, 16), new ${bend}(), layer(16, 16), new ${bend}(), layer(16, 1));
${begin}const optimizer = new ${teacher}(brain.parameters(), { learningRate: ${learningRate} });
for (let number = 1; number <= ${tries}; number++, optimizer.zeroGrad()) {
  const mistake = mseLoss(brain.forward(x), y);
  backward(mistake); optimizer.step(); console.log(number, await mistake.item()); }
`;
}
