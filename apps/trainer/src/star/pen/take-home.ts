import type { PenSettings } from "./training.js";

/** Twelve lines of TypeScript that make the same tries and print the same mistakes. */
export function programOf({ seed, learningRate, momentum, goal }: PenSettings, tries: number): string {
  const corners = goal === undefined ? "starCorners()" : `tensor(${JSON.stringify(goal)})`;
  const source = goal === undefined ? "starCorners, strokeCorners" : "strokeCorners";
  const extra = goal === undefined ? "" : '\nimport { tensor } from "@stargrad/tensor";';
  return `import { backward, Parameter } from "@stargrad/autograd";
import { ${source}, wobblyStart } from "@stargrad/datasets";
import { SGD } from "@stargrad/optim";${extra}
const { start, directions: d, lengths: l } = wobblyStart({ seed: ${seed} });
const [directions, lengths, goal] = [new Parameter(d), new Parameter(l), ${corners}];
const optimizer = new SGD([directions, lengths], { learningRate: ${learningRate}, momentum: ${momentum} });
for (let number = 1; number <= ${tries}; number++, optimizer.zeroGrad()) {
  const corners = strokeCorners({ start, directions, lengths });
  const mistake = corners.sub(goal).square().sum({ axis: 1 }).mean();
  backward(mistake);
  optimizer.step();
  console.log(number, await mistake.item()); }
`;
}

/** The mistakes of a run, one try in a line. */
export function csvOf(first: number, mistakes: readonly number[]): string {
  return ["try,mistake", ...mistakes.map((mistake, i) => `${first + i},${mistake}`), ""].join("\n");
}

/** A run, and all numbers of one of its tries. */
export function jsonOf(settings: object, first: number, mistakes: readonly number[], scene: object): string {
  return JSON.stringify(
    { settings, first, mistakes, try: scene },
    (_, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value),
    2,
  );
}
