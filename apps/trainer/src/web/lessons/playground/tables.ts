import { linkWords, neuronShort } from "../../../playground/names.js";
import type { PlayScene } from "../../../playground/scene.js";
import { numberAt } from "../../../playground/words.js";
import { decimal, short, signed } from "../../../words/numbers.js";
import { layerName, paidText } from "./figures/layers.js";

interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every neuron: what it says of the point, and how much blame it lets through on average. */
export function neuronTable({ layers, pass }: PlayScene): Table {
  return {
    heads: ["neuron", "bias", `says of point ${pass.point + 1}`, "lets through"],
    rows: layers.flatMap(({ biases, factors }, layer) =>
      biases.map((bias, i) => [
        neuronShort({ layer: layer + 1, neuron: i + 1 }, layers.length),
        decimal(bias),
        decimal(pass.layers[layer].a[i]),
        `× ${decimal(factors[i])}`,
      ]),
    ),
  };
}

/** Every link and bias: weight, blame, turn, promise and paid. */
export function linkTable({ layers, step }: PlayScene): Table {
  const blames = layers.map(({ blame }) => blame);
  const rows = layers.flatMap(({ weights }, layer) =>
    weights.flatMap((row, neuron) =>
      [...row.map((_, from) => from), -1].map((from) => {
        const link = { layer, neuron, from };
        const after =
          step === null
            ? []
            : [
                signed(numberAt(step.turns, link), 4),
                short(numberAt(step.promise, link)),
                short(numberAt(step.paid, link)),
              ];
        const name = linkWords(link, layers.length).replace(/^the (link )?/, "");
        return [name, decimal(numberAt(layers, link)), signed(numberAt(blames, link), 4), ...after];
      }),
    ),
  );
  return { heads: ["link", "weight", "blame", ...(step === null ? [] : ["turn", "promise", "paid"])], rows };
}

/** Promise and paid of each layer. */
export function creditTable(scene: PlayScene): Table {
  const { step } = scene;
  const rows = step === null ? [] : [...step.byLayer, step.credit];
  return {
    heads: ["layer", "promise", "paid"],
    rows: rows.map(({ promise, paid }, i) => [
      i === rows.length - 1 ? "all" : layerName(scene, i),
      short(promise),
      paidText(paid),
    ]),
  };
}
