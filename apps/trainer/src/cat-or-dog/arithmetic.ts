import { blameText } from "../words/blame.js";
import { decimal, short, signed } from "../words/numbers.js";
import type { SumLine } from "../words/sum.js";
import type { Scene } from "./scene.js";
import { animals, kernel } from "./sizes.js";
import { volumeOf } from "./words.js";

// Why a number is what it is, down to one multiplication.

/** How one filter of the first layer comes to what it shows where it is loudest. */
export function placeSum({ places }: Scene, filter: number): SumLine[] {
  const { products, ink, bias, sum, row, column } = places[filter - 1];
  const order = [...products.keys()].sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
  const [shown, rest] = [order.slice(0, 3), order.slice(3)];
  const lines = shown.map((at): SumLine => {
    const weight = ink[at] === 0 ? 0 : products[at] / ink[at];
    const place = `row ${Math.floor(at / kernel) + 1}, column ${(at % kernel) + 1}`;
    return {
      name: place,
      steps: [`${decimal(ink[at], 2)} × ${decimal(weight)}`, `= ${signed(products[at])}`],
    };
  });
  const others = rest.reduce((total, at) => total + products[at], 0);
  return [
    ...lines,
    { name: `${rest.length} more products`, steps: [signed(others)] },
    { name: "bias", steps: [signed(bias)] },
    { name: `at (${row + 1}, ${column + 1})`, steps: [`= ${decimal(sum)}`], isResult: true },
  ];
}

/** How two votes become two probabilities. */
export function voteSum({ votes, powers: [cat, dog], p }: Scene): SumLine[] {
  return [
    { name: "cat", steps: [`e^${decimal(votes[0])}`, `= ${short(cat)}`] },
    { name: "dog", steps: [`e^${decimal(votes[1])}`, `= ${short(dog)}`] },
    {
      name: "p(dog)",
      steps: [`${short(dog)} / (${short(cat)} + ${short(dog)})`, `= ${decimal(p[1], 4)}`],
      isResult: true,
    },
  ];
}

/** How a probability becomes a surprise. */
export function surpriseSum({ p, answer, surprise }: Scene): SumLine[] {
  return [
    { name: "the answer", steps: [animals[answer]] },
    { name: `p(${animals[answer]})`, steps: [decimal(p[answer], 4)] },
    {
      name: "surprise",
      steps: [`−ln ${decimal(p[answer], 4)}`, `= ${decimal(surprise, 4)}`],
      isResult: true,
    },
  ];
}

/** What the blame of a mark says. */
export function blameSum(scene: Scene, mark: string): SumLine[] {
  const right = animals[scene.answer];
  if (mark.startsWith("x")) {
    const pixel = Number(mark.slice(1));
    const blame = scene.blame.pixels[pixel];
    return [
      { name: "ink now", steps: [decimal(scene.pixels[pixel], 2)] },
      { name: "blame", steps: [`${blameText(blame, 4)} per ink`] },
      { name: "0.1 ink", steps: [`→ surprise ${signed(0.1 * blame, 4)}`] },
      { name: blame < 0 ? `▲ “add ink”` : `▼ “erase”`, steps: [`→ more ${right}`], isResult: true },
    ];
  }
  const blame = volumeOf(scene, mark);
  return [
    { name: "blame", steps: ["Σ map × slopes", `= ${blameText(blame, 4)}`] },
    { name: "10 % louder", steps: [`→ surprise ${signed(0.1 * blame, 4)}`] },
    {
      name: blame < 0 ? "▲ “louder”" : "▼ “softer”",
      steps: [`→ more ${right}`],
      isResult: true,
    },
  ];
}

/** How the blame of a weight on the drawings of the step becomes its turn, and what the turn promises. */
export function turnSum({ step, learningRate }: Scene, filter: number, weight: number): SumLine[] {
  const at = kernel * kernel * (filter - 1) + weight;
  const [now, turn, next, blame] = [step.weights[at], step.turns[at], step.nextWeights[at], step.blames[at]];
  return [
    { name: "blame", steps: [blameText(blame, 5)] },
    { name: "Adam", steps: [`at most about ${learningRate}`] },
    { name: "weight", steps: [`${decimal(now, 4)} ${signed(turn, 4)}`, `= ${decimal(next, 4)}`] },
    {
      name: "promise",
      steps: [`−(${signed(blame, 5)} × ${signed(turn, 4)})`, `= ${short(step.promises[at])}`],
      isResult: true,
    },
  ];
}
