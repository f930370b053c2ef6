import type { Scene } from "../../../cat-or-dog/scene.js";
import { animals, filterLayers } from "../../../cat-or-dog/sizes.js";
import { placeOf } from "../../../cat-or-dog/words.js";
import { decimal, percent, signed } from "../../../words/numbers.js";

// The tables behind the pictures.

interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function pixelTable({ blame, pixels, answer }: Scene): Table {
  return {
    heads: ["pixel", "ink", "blame", `more ${animals[answer]}`],
    rows: blame.strongest.map((pixel) => [
      placeOf(pixel),
      decimal(pixels[pixel], 2),
      signed(blame.pixels[pixel]),
      blame.pixels[pixel] < 0 ? "▲ add ink" : "▼ erase",
    ]),
  };
}

export function filterTable({ maps, blame }: Scene): Table {
  return {
    heads: ["filter", "loudest", "volume blame"],
    rows: filterLayers.flatMap(({ name, filters, side }, layer) =>
      Array.from({ length: filters }, (_, i) => [
        `${name} layer, ${i + 1}`,
        decimal(Math.max(...maps[layer].subarray(i * side * side, (i + 1) * side * side))),
        signed(blame.volumes[layer][i], 4),
      ]),
    ),
  };
}

export function turnTable({ step }: Scene): Table {
  return {
    heads: ["weight", "before", "blame", "turn", "after"],
    rows: Array.from(step.weights, (weight, i) => [
      `filter ${Math.floor(i / 25) + 1}, row ${Math.floor((i % 25) / 5) + 1}, column ${(i % 5) + 1}`,
      decimal(weight, 4),
      signed(step.blames[i], 4),
      signed(step.turns[i], 4),
      decimal(step.nextWeights[i], 4),
    ]),
  };
}

export function paidTable({ step }: Scene): Table {
  const row = (name: string, { promise, paid }: { promise: number; paid: number }): string[] => [
    name,
    signed(promise, 5),
    `${paid > 0 ? "▲" : "▼"} ${signed(paid, 5)}`,
  ];
  return {
    heads: ["who", "promised", "paid"],
    rows: [
      ...step.layers.map((layer) => row(layer.name === "vote" ? "the votes" : `${layer.name} layer`, layer)),
      ...filterLayers.flatMap(({ name }, layer) =>
        step.filters[layer].map((credit, i) => row(`${name} layer, filter ${i + 1}`, credit)),
      ),
      row("all", step.credit),
    ],
  };
}

export function drawingTable({ step }: Scene): Table {
  return {
    heads: ["drawing", "is", "surprise before", "after", "less"],
    rows: step.drawings.map((drawing, i) => [
      `${drawing + 1}`,
      animals[step.answers[i]],
      decimal(step.before[i]),
      decimal(step.after[i]),
      step.after[i] < step.before[i] ? "▲" : "▼",
    ]),
  };
}

export function voteTable({ p, votes }: Scene): Table {
  return {
    heads: ["animal", "vote", "probability"],
    rows: animals.map((animal, i) => [animal, decimal(votes[i]), percent(p[i], 2)]),
  };
}
