import { catsAndDogs, spirals } from "@stargrad/datasets";

import { thousands } from "../words/numbers.js";
import type { Data } from "./data.js";
import { drawnDigits } from "./drawn-digits.js";
import type { SampleName } from "./sample-names.js";

/** Makes the data that is there without a file. */
export const samples: Readonly<Record<SampleName, () => Data>> = {
  digits: () => drawnDigits({ samples: 3000, seed: 1 }),
  animals: () => animals(1600),
  spirals: twoSpirals,
};

/** Line drawings of cats and dogs. */
export function animals(count: number): Data {
  const size = 28;
  const { x, y } = catsAndDogs({ samples: count, size, seed: 1 }).all();
  return {
    name: `${thousands(count)} cats and dogs, drawn here`,
    what: "picture",
    shape: [1, size, size],
    features: [],
    values: new Uint8Array(x.dataSync().map((ink) => Math.round(255 * ink))),
    labels: Int32Array.from(y.dataSync()),
    classes: ["cat", "dog"],
    heldOutFrom: null,
    notes: [],
  };
}

function twoSpirals(): Data {
  const { x, y } = spirals({ samples: 1000, noise: 0.1, seed: 1 }).all();
  const labels = Int32Array.from(y.dataSync());
  const classes = [...new Set(labels)].sort().map((label) => `spiral ${label + 1}`);
  const values = Float32Array.from(x.dataSync());
  const name = "1,000 points on two spirals, as a table";
  return { name, what: "row", shape: [2], features: ["x", "y"], values, labels, classes, heldOutFrom: null, notes: [] }; // prettier-ignore
}
