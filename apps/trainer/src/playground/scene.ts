import { backward, grad } from "@stargrad/autograd";
import type { StepExplanation } from "@stargrad/explain";
import { binaryCrossEntropyWithLogits } from "@stargrad/nn";
import { tensor, zeros, type Tensor } from "@stargrad/tensor";

import { creditOf, type Credit } from "../star/credit.js";
import type { Values } from "./network.js";
import { isHeldOut } from "./points.js";
import { grid, type Activation, type PlaySettings } from "./settings.js";
import { hexOf, lossOf, type PlayState, type PlayTraining, type Score } from "./training.js";

// Everything a picture of one try shows, as plain numbers that travel between threads. All of them come from the library.

/** A number for each link of a layer, [neuron][input], and for the bias of each neuron. */
export interface LinkNumbers {
  readonly weights: readonly (readonly number[])[];
  readonly biases: readonly number[];
}

/** One layer at the beginning of a try. The last one is the output. */
export interface LayerNumbers extends LinkNumbers {
  readonly activation: Activation;
  /** ∂L/∂w for the mistake on all training points. */
  readonly blame: LinkNumbers;
  /** For each neuron the mean of f′(z) over the training points: the factor with which blame passes it. */
  readonly factors: readonly number[];
  /** The value of each neuron all over the picture: the rows of the grid from the top. */
  readonly pictures: readonly Float32Array[];
  /** The largest value in those pictures, up or down. */
  readonly largest: number;
}

/** A point, and what the network says about it. */
export interface PointNumbers {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
  readonly isHeldOut: boolean;
  /** The probability of blue. */
  readonly blue: number;
  /** −ln of the probability of its own colour. */
  readonly surprise: number;
}

/** How one point goes through the network, and how its surprise goes back. */
export interface Pass {
  readonly point: number;
  /** The sums and values of each layer, and ∂surprise/∂z and ∂surprise/∂a. */
  readonly layers: readonly Record<"z" | "a" | "blameOfZ" | "blameOfA" | "factor", readonly number[]>[];
  /** ∂surprise/∂w for each link. */
  readonly blame: readonly LinkNumbers[];
}

/** What the step after a try did. */
export interface StepNumbers {
  readonly turns: readonly LinkNumbers[];
  readonly promise: readonly LinkNumbers[];
  readonly paid: readonly LinkNumbers[];
  readonly byLayer: readonly { readonly promise: number; readonly paid: number }[];
  readonly credit: Credit;
  readonly after: Score;
  /** The bytes of all weights after the step, as hexadecimal digits. */
  readonly fingerprint: string;
}

/** The name of a link: from input `from` to neuron `neuron` of layer `layer`, all counted from 0. The bias has `from` −1. */
export interface LinkName {
  readonly layer: number;
  readonly neuron: number;
  readonly from: number;
}

export interface PlayScene extends Score {
  readonly number: number;
  readonly settings: PlaySettings;
  readonly points: readonly PointNumbers[];
  readonly trainingPoints: number;
  readonly heldOutPoints: number;
  /** The picture shows x and y from −view to view. */
  readonly view: number;
  readonly inputs: readonly Float32Array[];
  readonly layers: readonly LayerNumbers[];
  /** The probability of blue all over the picture, from −1 for orange to 1 for blue. */
  readonly surface: Float32Array;
  /** The training point with the largest surprise. */
  readonly worst: number;
  readonly pass: Pass;
  readonly mostBlamed: LinkName;
  /** How many neurons of hidden layers let through less than a hundredth of the blame. */
  readonly stuck: number;
  readonly hidden: number;
  readonly knobs: number;
  /** Null if the step after it diverged. */
  readonly step: StepNumbers | null;
  /** The bytes of all weights at the beginning of the try, as hexadecimal digits. */
  readonly fingerprint: string;
}

/** The numbers of the try that begins in the training's present state, or in `state`. Afterwards it is in the next state. */
export async function sceneOf(
  training: PlayTraining,
  state: PlayState,
  { number, settings, point }: { number: number; settings: PlaySettings; point: number | null },
): Promise<PlayScene> {
  training.restore(state);
  const { network } = training;
  const [score, points, start, factors] = await Promise.all([
    training.score(number),
    pointNumbers(training),
    training.weights(),
    factorsOf(training),
  ]);
  const trained = points.flatMap(({ surprise }, i) => (isHeldOut(i) ? [] : [{ i, surprise }]));
  const worst = trained.reduce((most, one) => (one.surprise > most.surprise ? one : most)).i;
  const pass = await passOf(training, point !== null && point < points.length ? point : worst);
  const view = viewOf(points);
  const { inputs, pictures, surface } = await picturesOf(training, view);
  const links = await Promise.all(
    network.blocks.map(async ({ weight, bias }) => ({
      weights: await rows(weight),
      biases: await list(bias),
    })),
  );

  const explanation = await training.explain(number).catch(() => null);
  const blames =
    explanation === null ? await blamesOf(training, state) : linksOf(training, explanation, "blame");
  const step = explanation === null ? null : await stepOf(training, explanation, number);

  const layers = links.map((link, layer): LayerNumbers => ({
    ...link,
    activation: settings.layers[layer]?.activation ?? "linear",
    blame: blames[layer],
    factors: factors[layer],
    pictures: pictures[layer],
    largest: largestOf(pictures[layer]),
  }));
  const hidden = factors.slice(0, -1).flat();
  return {
    ...score,
    number,
    settings,
    points,
    trainingPoints: training.training.indices.length,
    heldOutPoints: training.heldOut.indices.length,
    view,
    inputs,
    layers,
    surface,
    worst,
    pass,
    mostBlamed: mostBlamed(blames),
    stuck: hidden.filter((factor) => Math.abs(factor) < 0.01).length,
    hidden: hidden.length,
    knobs: start.length,
    step,
    fingerprint: hexOf(start),
  };
}

/** A picture in which all points have room. */
function viewOf(points: readonly PointNumbers[]): number {
  return Math.max(1.15, ...points.map(({ x, y }) => 1.05 * Math.max(Math.abs(x), Math.abs(y))));
}

async function pointNumbers({ network, points: { x, y } }: PlayTraining): Promise<PointNumbers[]> {
  const output = network.forward(x).detach();
  const [at, labels, blue, surprise] = await Promise.all([
    rows(x),
    list(y),
    list(output.sigmoid()),
    list(binaryCrossEntropyWithLogits(output, y, { reduction: "none" })),
  ]);
  return at.map(([px, py], i) => ({
    x: px,
    y: py,
    label: labels[i] === 1 ? 1 : 0,
    isHeldOut: isHeldOut(i),
    blue: blue[i],
    surprise: surprise[i],
  }));
}

/** The derivative of each neuron's value for its sum. */
function slopesOf(network: PlayTraining["network"], values: readonly Values[]): Tensor[] {
  return values.map(({ z }, i) => {
    const { activation } = network.blocks[i];
    return activation === null
      ? z.detach().mul(0).add(1)
      : grad((sums: Tensor) => activation.forward(sums).sum())(z.detach());
  });
}

function factorsOf({ network, training: { x } }: PlayTraining): Promise<number[][]> {
  return Promise.all(slopesOf(network, network.values(x)).map((slopes) => list(slopes.mean({ axis: 0 }))));
}

async function passOf({ network, points }: PlayTraining, point: number): Promise<Pass> {
  const row = tensor(Int32Array.of(point));
  const [x, y] = [points.x.take(row), points.y.take(row)];
  const values = network.values(x);
  const still = values.map(({ z }) => zeros(z.shape));
  const blameOfZ = grad((nudges: Tensor[]) => {
    return lossOf(outputOf(network.values(x, nudges)), y);
  })(still);
  const slopes = slopesOf(network, values);
  // ∂ℓ/∂a = Wᵀ ∂ℓ/∂z of the next layer; the output is its own value.
  const blameOfA = values.map((_, i) =>
    i + 1 < values.length ? blameOfZ[i + 1].matmul(network.blocks[i + 1].weight.detach()) : blameOfZ[i],
  );
  // ∂ℓ/∂w = ∂ℓ/∂z · the value that the link carries.
  const blame = values.map((_, i) => {
    const input = i === 0 ? x : values[i - 1].a.detach();
    return { weights: blameOfZ[i].transpose().matmul(input), biases: blameOfZ[i] };
  });
  const [layers, links] = await Promise.all([
    Promise.all(
      values.map(async ({ z, a }, i) => ({
        z: await list(z),
        a: await list(a),
        blameOfZ: await list(blameOfZ[i]),
        blameOfA: await list(blameOfA[i]),
        factor: await list(slopes[i]),
      })),
    ),
    Promise.all(
      blame.map(async ({ weights, biases }) => ({
        weights: await rows(weights),
        biases: await list(biases),
      })),
    ),
  ]);
  return { point, layers, blame: links };
}

/** What every neuron says at every place of the grid. */
async function picturesOf({ network }: PlayTraining, view: number) {
  const places = Float32Array.from({ length: 2 * grid * grid }, (_, i) => {
    const place = i >> 1;
    const [column, row] = [place % grid, Math.floor(place / grid)];
    return i % 2 === 0 ? acrossGrid(column) * view : -acrossGrid(row) * view;
  });
  const x = tensor(places, { shape: [grid * grid, 2] });
  const values = network.values(x);
  const columns = async (values: Tensor): Promise<Float32Array[]> => {
    const flat = Float32Array.from(await values.transpose().data());
    return Array.from({ length: values.shape[1] }, (_, i) =>
      flat.slice(i * grid * grid, (i + 1) * grid * grid),
    );
  };
  const pictures = await Promise.all(values.map(({ a }) => columns(a)));
  // tanh(z/2) is 2σ(z) − 1.
  const [surface] = await columns(outputOf(values).div(2).tanh());
  return { inputs: await columns(x), pictures, surface };
}

/** The middle of a column, from −1 to 1. */
function acrossGrid(index: number): number {
  return (2 * index + 1) / grid - 1;
}

function largestOf(pictures: readonly Float32Array[]): number {
  return pictures.reduce(
    (largest, picture) => picture.reduce((most, value) => Math.max(most, Math.abs(value)), largest),
    0,
  );
}

/** One number for each link of all layers, from an explanation. */
function linksOf(
  { network }: PlayTraining,
  { parameters }: StepExplanation,
  what: "blame" | "change" | "promise" | "paid",
): LinkNumbers[] {
  const numbersOf = (name: string): Float64Array => parameters.get(name)?.[what] ?? new Float64Array();
  return network.blocks.map(({ name, weight: { shape } }) => {
    const weights = numbersOf(`${name}.weight`);
    const [neurons, inputs] = shape;
    return {
      weights: Array.from({ length: neurons }, (_, i) => [...weights.subarray(i * inputs, (i + 1) * inputs)]),
      biases: [...numbersOf(`${name}.bias`)],
    };
  });
}

/** The gradients alone, where the step after them cannot be explained. */
async function blamesOf(training: PlayTraining, state: PlayState): Promise<LinkNumbers[]> {
  training.restore(state);
  const { blocks, sequence } = training.network;
  for (const parameter of sequence.parameters()) parameter.grad = null;
  backward(training.loss());
  return Promise.all(
    blocks.map(async ({ weight, bias }) => ({
      weights: await rows(weight.grad ?? zeros(weight.shape)),
      biases: await list(bias.grad ?? zeros(bias.shape)),
    })),
  );
}

async function stepOf(
  training: PlayTraining,
  explanation: StepExplanation,
  number: number,
): Promise<StepNumbers | null> {
  const after = await training.score(number + 1).catch(() => null);
  if (after === null) return null;
  const layers = explanation.byLayer();
  return {
    turns: linksOf(training, explanation, "change"),
    promise: linksOf(training, explanation, "promise"),
    paid: linksOf(training, explanation, "paid"),
    byLayer: training.network.blocks.map(({ name }) => {
      return layers.get(name) ?? { promise: 0, paid: 0 };
    }),
    credit: creditOf(explanation),
    after,
    fingerprint: hexOf(await training.weights()),
  };
}

function outputOf(values: readonly Values[]): Tensor {
  return values[values.length - 1].a;
}

function mostBlamed(blames: readonly LinkNumbers[]): LinkName {
  let most: LinkName & { size: number } = { layer: 0, neuron: 0, from: 0, size: -1 };
  for (const [layer, { weights }] of blames.entries()) {
    for (const [neuron, row] of weights.entries()) {
      for (const [from, value] of row.entries()) {
        if (Math.abs(value) > most.size) most = { layer, neuron, from, size: Math.abs(value) };
      }
    }
  }
  return { layer: most.layer, neuron: most.neuron, from: most.from };
}

async function list(x: Tensor): Promise<number[]> {
  return [...(await x.data())];
}

async function rows(x: Tensor): Promise<number[][]> {
  return (await x.toArray()) as number[][];
}
