import { before, shown, type Told } from "../../../text/live/words.js";
import { decimal } from "../../../words/numbers.js";
import type { SumLine } from "../../../words/sum.js";

/** The surprise of the chosen letter, down to the logarithm. */
export function surpriseSum({ scene, at }: Told): SumLine[] {
  const { chance, surprise, choices } = scene.expected[at - 1];
  const came = shown(scene.letters[at]);
  return [
    { name: `chance of ${came}`, steps: [`p(${came} | ${before(scene, at, 8)})`, `= ${decimal(chance, 5)}`] },
    { name: "surprise", steps: [`−ln ${decimal(chance, 5)}`, `= ${decimal(surprise)} nats`], isResult: true },
    {
      name: "as hard as",
      steps: [`guessing 1 of ${decimal(choices, 1)} letters that are equally likely`],
    },
  ];
}
