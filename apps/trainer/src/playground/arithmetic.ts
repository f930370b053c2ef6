import { blameText } from "../words/blame.js";
import { decimal, short, signed } from "../words/numbers.js";
import type { SumLine } from "../words/sum.js";
import { neuronShort, type NeuronName } from "./names.js";
import type { LinkName, PlayScene } from "./scene.js";
import { activationNames, numberAt, optimizerNames } from "./words.js";

// The arithmetic behind a number, down to one multiplication.

/** The values that arrive at a layer, for the point of the scene. */
function arriving({ pass, points }: PlayScene, layer: number): readonly number[] {
  if (layer > 1) return pass.layers[layer - 2].a;
  const { x, y } = points[pass.point];
  return [x, y];
}

/** How a neuron makes its value for the point. Layers are counted from 1. */
export function valueSum(scene: PlayScene, { layer, neuron }: NeuronName): SumLine[] {
  const { layers, pass } = scene;
  const [numbers, went] = [layers[layer - 1], pass.layers[layer - 1]];
  const inputs = arriving(scene, layer);
  const lines = numbers.weights[neuron - 1].map((weight, from): SumLine => ({
    name: neuronShort({ layer: layer - 1, neuron: from + 1 }, layers.length),
    steps: [`${decimal(inputs[from])} × ${decimal(weight)}`, `= ${decimal(inputs[from] * weight)}`],
  }));
  const [z, a] = [went.z[neuron - 1], went.a[neuron - 1]];
  const name = activationNames[numbers.activation];
  const last: SumLine =
    layer === layers.length
      ? {
          name: "chance of blue",
          steps: [`1 / (1 + e^${decimal(-z)})`, `= ${decimal(scene.points[pass.point].blue)}`],
          isResult: true,
        }
      : {
          name: "says",
          steps: [name === "linear" ? decimal(a) : `${name}(${decimal(z)}) = ${decimal(a)}`],
          isResult: true,
        };
  return [
    ...lines,
    { name: "bias", steps: [signed(numbers.biases[neuron - 1])] },
    { name: "sum", steps: [`= ${decimal(z)}`] },
    last,
  ];
}

/** What a point costs. */
export function surpriseSum({ points, pass, trainingPoints, mistake }: PlayScene): SumLine[] {
  const { blue, label, surprise } = points[pass.point];
  const own = label === 1 ? blue : 1 - blue;
  return [
    { name: "chance of blue", steps: [decimal(blue)] },
    {
      name: `it is ${label === 1 ? "blue" : "orange"}`,
      steps: [label === 1 ? decimal(own) : `1 − ${decimal(blue)} = ${decimal(own)}`],
    },
    { name: "surprise", steps: [`−ln ${decimal(own)}`, `= ${decimal(surprise)}`], isResult: true },
    { name: `mean of ${trainingPoints}`, steps: [`= ${decimal(mistake, 5)}`] },
  ];
}

/** How a neuron is blamed for the surprise of the point. */
export function blameSum(scene: PlayScene, { layer, neuron }: NeuronName): SumLine[] {
  const { layers, pass, points } = scene;
  const went = pass.layers[layer - 1];
  const i = neuron - 1;
  if (layer === layers.length) {
    const { blue, label } = points[pass.point];
    return [
      {
        name: "output",
        steps: [`${decimal(blue)} − ${label}`, `= ${signed(went.blameOfZ[i])}`],
        isResult: true,
      },
    ];
  }
  const next = pass.layers[layer];
  const lines = layers[layer].weights.map((row, to): SumLine => ({
    name: `from ${neuronShort({ layer: layer + 1, neuron: to + 1 }, layers.length)}`,
    steps: [`${decimal(next.blameOfZ[to])} × ${decimal(row[i])}`, `= ${decimal(next.blameOfZ[to] * row[i])}`],
  }));
  return [
    ...lines,
    { name: "it hears", steps: [`= ${signed(went.blameOfA[i])}`] },
    {
      name: "it lets through",
      steps: [`× ${decimal(went.factor[i])}`, `= ${signed(went.blameOfZ[i])}`],
      isResult: true,
    },
  ];
}

/** The blame of one link for the point: one multiplication. */
export function linkBlameSum(scene: PlayScene, link: LinkName): SumLine[] {
  const { layer, neuron, from } = link;
  const blame = numberAt(scene.pass.blame, link);
  const delta = scene.pass.layers[layer].blameOfZ[neuron];
  const input = from < 0 ? 1 : arriving(scene, layer + 1)[from];
  const all = numberAt(
    scene.layers.map((one) => one.blame),
    link,
  );
  const to = neuronShort({ layer: layer + 1, neuron: neuron + 1 }, scene.layers.length);
  return [
    { name: `${to} lets through`, steps: [signed(delta)] },
    { name: "× the link carries", steps: [decimal(input)] },
    { name: "this point", steps: [`= ${signed(blame, 4)}`], isResult: true },
    { name: "mean of all points", steps: [`${signed(all, 4)}${all === 0 ? "" : all < 0 ? " ▲" : " ▼"}`] },
  ];
}

/** How a link turns, what that promised, and what it paid. */
export function turnSum(scene: PlayScene, link: LinkName): SumLine[] {
  const { step, settings, layers } = scene;
  if (step === null) return [];
  const value = numberAt(layers, link);
  const blame = numberAt(
    layers.map((layer) => layer.blame),
    link,
  );
  const [turn, promise, paid] = [step.turns, step.promise, step.paid].map((numbers) =>
    numberAt(numbers, link),
  );
  const rule: SumLine =
    settings.optimizer === "sgd"
      ? { name: "turn", steps: [`−${settings.learningRate} × ${signed(blame, 4)}`, `= ${signed(turn, 4)}`] }
      : {
          name: optimizerNames[settings.optimizer],
          steps: [`blame ${blameText(blame, 4)}`, `→ turn ${signed(turn, 4)}`],
        };
  return [
    rule,
    { name: "weight", steps: [`${decimal(value, 4)} ${signed(turn, 4)}`, `= ${decimal(value + turn, 4)}`] },
    {
      name: "promise",
      steps: [`−(${signed(blame, 4)} × ${signed(turn, 4)})`, `= ${short(promise)}`],
      isResult: true,
    },
    { name: "paid", steps: [`${paid > 0 ? "▲" : "▼"} ${short(paid)}`] },
  ];
}
