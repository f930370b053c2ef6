import { backward, valueAndGrad, type Parameter } from "@stargrad/autograd";
import { proveIt } from "@stargrad/explain";
import { crossEntropy } from "@stargrad/nn";
import { fromData, softmax, type Tensor } from "@stargrad/tensor";

import { creditOf, type Credit } from "../../star/credit.js";
import type { Passages } from "../passages.js";
import { sizes } from "./sizes.js";
import type { TextTraining } from "./training.js";

// All numbers of a step, as plain data.

/** Which passage is shown: the first of those that the step reads, or the first of the text that no step reads. */
export const passageKinds = ["read", "held-out"] as const;
export type PassageKind = (typeof passageKinds)[number];

export interface Guess {
  readonly letter: string;
  readonly chance: number;
  /** −ln of the chance. */
  readonly surprise: number;
}

/** A letter of a passage after the first one, and what the model expected in its place. */
export interface Expected extends Guess {
  /** Guessing one of so many letters that are equally likely is as hard. */
  readonly choices: number;
  /** The five most likely letters. */
  readonly top: readonly Guess[];
}

export interface Scene {
  readonly number: number;
  readonly kind: PassageKind;
  readonly letters: readonly string[];
  /** One for each letter but the first. */
  readonly expected: readonly Expected[];
  /** The mean surprise of the passage. */
  readonly surprise: number;
  /** The place of the letter with the largest surprise, among those that have some letters before them. */
  readonly worst: number;
  readonly learningRate: number;
}

/** Why a letter was expected or not. */
export interface Letter {
  readonly number: number;
  readonly kind: PassageKind;
  readonly at: number;
  readonly surprise: number;
  /** For each layer, each head and each earlier letter, how much of its attention it got; a head's sum is 1. */
  readonly attention: readonly (readonly (readonly number[])[])[];
  /** For each earlier letter, the length of the gradient of this surprise that arrived at its 64 numbers. */
  readonly heard: readonly number[];
}

export interface LayerCredit {
  readonly id: string;
  readonly name: string;
  readonly knobs: number;
  readonly promise: number;
  readonly paid: number;
}

/** A step on all its passages: what it promised, what it paid, and the passage after it. */
export interface Account extends Credit {
  readonly number: number;
  readonly kind: PassageKind;
  readonly layers: readonly LayerCredit[];
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** The loss that the step promises. */
  readonly lossPromised: number;
  readonly gradients: number;
  readonly unexplainedShare: number;
  /** The surprise of each letter but the first, after the step. */
  readonly after: readonly number[];
  /** How much more each letter surprises after the step. */
  readonly changes: readonly number[];
  /** The largest change, without its sign. */
  readonly largestChange: number;
  /** How many letters surprise less than before. */
  readonly better: number;
  readonly surpriseAfter: number;
  /** The weights after the step. */
  readonly fingerprint?: string;
}

/** Which number of which letter of the alphabet is turned, and by how much. */
export interface Wiggled {
  readonly token: number;
  readonly index: number;
  readonly by: number;
}

export interface LetterProof {
  /** The letter whose numbers were wiggled, its place in the alphabet, and which of them. */
  readonly letter: string;
  readonly token: number;
  readonly index: number;
  readonly blame: number;
  readonly slope: number;
  readonly up: number;
  readonly down: number;
  readonly wiggle: number;
}

interface Which {
  readonly number: number;
  readonly kind: PassageKind;
}

interface Passage {
  readonly tokens: Int32Array;
  readonly x: Tensor;
}

async function passageOf(
  training: TextTraining,
  { validation }: Passages,
  { number, kind }: Which,
): Promise<Passage> {
  const length = sizes.context;
  let tokens = validation.slice(0, length + 1);
  if (kind === "read") {
    const { x, y } = training.batch(number);
    const [given, next] = [await x.data(), await y.data()];
    tokens = Int32Array.of(...given.subarray(0, length), next[length - 1]);
  }
  return { tokens, x: fromData(tokens.slice(0, length), [1, length]) };
}

/** The chances of each letter at each place of a passage: rows of one list. */
async function chancesOf(training: TextTraining, x: Tensor): Promise<Float32Array[]> {
  const logits = training.model.forward(x).squeeze(0); // [T, characters]
  const chances = (await softmax(logits, { axis: 1 }).data()) as Float32Array;
  const characters = logits.shape[1];
  return Array.from({ length: logits.shape[0] }, (_, i) =>
    chances.subarray(i * characters, (i + 1) * characters),
  );
}

export async function sceneOf(training: TextTraining, passages: Passages, which: Which): Promise<Scene> {
  const { characters } = passages.vocabulary;
  const { tokens, x } = await passageOf(training, passages, which);
  const rows = await chancesOf(training, x);
  const expected = rows.map((chances, i): Expected => {
    const chance = chances[tokens[i + 1]];
    const guess = (token: number): Guess => ({
      letter: characters[token],
      chance: chances[token],
      surprise: surpriseOf(chances[token]),
    });
    const order = [...chances.keys()].sort((a, b) => chances[b] - chances[a]).slice(0, 5);
    return { ...guess(tokens[i + 1]), choices: 1 / chance, top: order.map(guess) };
  });
  const surprises = expected.map(({ surprise }) => surprise);
  const late = surprises.slice(fewestBefore - 1);
  return {
    ...which,
    letters: [...tokens].map((token) => characters[token]),
    expected,
    surprise: meanOf(surprises),
    worst: fewestBefore + late.indexOf(Math.max(...late)),
    learningRate: training.rate(which.number),
  };
}

/** A letter that is chosen for the visitor has at least so many before it, so that there is something to see. */
const fewestBefore = 12;

export async function letterOf(
  training: TextTraining,
  passages: Passages,
  { at, ...which }: Which & { readonly at: number },
): Promise<Letter> {
  const { model } = training;
  const { tokens, x } = await passageOf(training, passages, which);
  const goal = fromData(Int32Array.of(tokens[at]), [1]);
  const { value, grad } = valueAndGrad((h: Tensor) =>
    crossEntropy(model.continue(h).select(1, at - 1), goal),
  )(model.embed(x));
  const lengths = await grad.squeeze(0).norm({ axis: 1 }).data();
  const attention = await Promise.all(
    model.attention(x).map(async (weights) => {
      const rows = (await weights
        .select(2, at - 1)
        .squeeze(0)
        .toArray()) as number[][]; // [heads, T]
      return rows.map((row) => row.slice(0, at));
    }),
  );
  return { ...which, at, surprise: await value.item(), attention, heard: [...lengths].slice(0, at) };
}

/** The surprise of a letter after one number of a letter of the alphabet was turned by hand. */
export async function wiggledOf(
  training: TextTraining,
  passages: Passages,
  { at, token, index, by, ...which }: Which & { readonly at: number } & Wiggled,
): Promise<number> {
  const { model } = training;
  const { tokens, x } = await passageOf(training, passages, which);
  const { weight } = model.characters;
  const original = weight.detach();
  const values = Float32Array.from(await weight.data());
  values[token * sizes.width + index] += by;
  weight.assign(fromData(values, weight.shape));
  try {
    const goal = fromData(Int32Array.of(tokens[at]), [1]);
    return await crossEntropy(model.forward(x).select(1, at - 1), goal).item();
  } finally {
    weight.assign(original);
  }
}

export async function proofOf(
  training: TextTraining,
  passages: Passages,
  { at, ...which }: Which & { readonly at: number },
): Promise<LetterProof> {
  const { model } = training;
  const { tokens, x } = await passageOf(training, passages, which);
  const goal = fromData(Int32Array.of(tokens[at]), [1]);
  const loss = (): Tensor => crossEntropy(model.forward(x).select(1, at - 1), goal);
  const { heard } = await letterOf(training, passages, { at, ...which });
  const token = tokens[heard.indexOf(Math.max(...heard))];
  const { weight } = model.characters;
  const blames = [
    ...(await gradientOf(loss, weight)).subarray(token * sizes.width, (token + 1) * sizes.width),
  ];
  const sizesOf = blames.map(Math.abs);
  const index = sizesOf.indexOf(Math.max(...sizesOf));
  const wiggle = 0.01;
  const { blame, slope, lossUp, lossDown } = await proveIt(weight, [token, index], { loss, wiggle });
  const letter = passages.vocabulary.characters[token];
  return { letter, token, index, blame, slope, up: lossUp, down: lossDown, wiggle };
}

export async function accountOf(training: TextTraining, passages: Passages, which: Which): Promise<Account> {
  const { tokens, x } = await passageOf(training, passages, which);
  const before = await surprisesOf(training, { tokens, x });
  const step = await training.explain(which.number);
  const after = await surprisesOf(training, { tokens, x });
  const credits = [...step.parameters.values()];
  const layers = layerNames.map(({ id, name, isOf }): LayerCredit => {
    const own = credits.filter((credit) => isOf(credit.name));
    const sum = (part: "promise" | "paid"): number =>
      own.reduce((total, credit) => total + credit[part].reduce((all, one) => all + one, 0), 0);
    const knobs = own.reduce((count, { paid }) => count + paid.length, 0);
    return { id, name, knobs, promise: sum("promise"), paid: sum("paid") };
  });
  const changes = after.map((surprise, i) => surprise - before[i]);
  return {
    ...which,
    ...creditOf(step),
    layers,
    lossBefore: step.lossBefore,
    lossAfter: step.lossAfter,
    lossPromised: step.lossBefore - step.promise,
    gradients: step.gradients,
    unexplainedShare: step.unexplainedShare,
    after,
    changes,
    largestChange: Math.max(...changes.map(Math.abs)),
    better: changes.filter((change) => change < 0).length,
    surpriseAfter: meanOf(after),
  };
}

/** The layers of the model from the letters to the guess; each weight belongs to one of them. */
const layerNames = [
  { id: "characters", name: "letters", isOf: (name: string) => name.startsWith("characters.") },
  { id: "places", name: "places", isOf: (name: string) => name.startsWith("places.") },
  ...Array.from({ length: sizes.layers }, (_, i) => [
    {
      id: `attention${i}`,
      name: `attention ${i + 1}`,
      isOf: (name: string) => isIn(name, i) && /self_attn|norm1/.test(name),
    },
    {
      id: `network${i}`,
      name: `network ${i + 1}`,
      isOf: (name: string) => isIn(name, i) && /linear|norm2/.test(name),
    },
  ]).flat(),
  { id: "output", name: "guess", isOf: (name: string) => /^output\.|^layers\.norm\./.test(name) },
];

function isIn(name: string, layer: number): boolean {
  return name.startsWith(`layers.layers.${layer}.`);
}

async function surprisesOf(training: TextTraining, { tokens, x }: Passage): Promise<number[]> {
  const rows = await chancesOf(training, x);
  return rows.map((chances, i) => surpriseOf(chances[tokens[i + 1]]));
}

/** The gradient of a loss with respect to one parameter. The gradients of the model stay as they were. */
async function gradientOf(loss: () => Tensor, parameter: Parameter): Promise<Float32Array> {
  const before = parameter.grad;
  parameter.grad = null;
  backward(loss());
  const gradient = parameter.grad as Tensor | null;
  parameter.grad = before;
  return ((await gradient?.data()) ?? new Float32Array(parameter.size)) as Float32Array;
}

function surpriseOf(chance: number): number {
  return -Math.log(chance);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
