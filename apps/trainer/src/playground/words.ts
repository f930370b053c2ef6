import type { Level } from "../words/levels.js";
import { turnWords } from "../words/blame.js";
import { decimal, percent, short, signed } from "../words/numbers.js";
import { linked, plain, say, type Rich, type Tone } from "../words/rich.js";
import { paidWords, promiseStory, unexplainedShare } from "../star/credit.js";
import type { Stage } from "../star/stages.js";
import { linkMark, linkStory, linkWords, pointMark } from "./names.js";
import type { LinkName, PlayScene } from "./scene.js";

// A try in words, at three levels, with the same numbers.

export const activationNames = {
  tanh: "tanh",
  relu: "ReLU",
  sigmoid: "sigmoid",
  gelu: "GELU",
  linear: "linear",
} as const;

export const optimizerNames = {
  sgd: "SGD",
  momentum: "SGD, momentum 0.9",
  rmsprop: "RMSprop",
  adam: "Adam",
  adamw: "AdamW",
} as const;

type Told = Record<Stage["name"], (scene: PlayScene) => Rich>;

const point = (index: number, text = `point ${index + 1}`, tone: Tone = "mistake") =>
  linked(text, pointMark(index), tone);
const knobs = ({ knobs: count }: PlayScene) => linked(`${count} weights and biases`, "net", "plus");
const right = ({ right: count, trainingPoints }: PlayScene) =>
  linked(`${count} of ${trainingPoints}`, "surface", "plus");
const unseen = ({ rightHeldOut, heldOutPoints }: PlayScene) =>
  linked(`${rightHeldOut} of ${heldOutPoints}`, "surface", "plus");

/** The number of a link, in what a list has for each link. */
export function numberAt(
  links: readonly { readonly weights: readonly (readonly number[])[]; readonly biases: readonly number[] }[],
  { layer, neuron, from }: LinkName,
): number {
  return from < 0 ? links[layer].biases[neuron] : links[layer].weights[neuron][from];
}

/** The link with the largest blame, and its numbers. */
function blamed(scene: PlayScene) {
  const { mostBlamed: link, layers, step } = scene;
  const blame = numberAt(
    layers.map((layer) => layer.blame),
    link,
  );
  const name = (tone: Tone) => linked(linkWords(link, layers.length), linkMark(link), tone);
  const story = (tone: Tone) => linked(linkStory(link, layers.length), linkMark(link), tone);
  const into = link.layer + 1 === layers.length ? "" : ` into layer ${link.layer + 1}`;
  return {
    name,
    story,
    into,
    blame,
    turn: step === null ? null : numberAt(step.turns, link),
    mark: linkMark(link),
  };
}

function stuckWords({ stuck, hidden }: PlayScene): Rich {
  if (stuck === 0) return [];
  return say` ${linked(`${stuck} of ${hidden} neurons`, "net", "blame")} let less than 1 % of it through.`;
}

const noStep = say`The step after this try made the mistake too large for numbers. There is nothing to look at behind it.`;

function causeOfGrowth({ settings }: PlayScene): string {
  return settings.optimizer === "sgd" ? "The step was too long." : "We rolled past it. That happens.";
}

const kid: Told = {
  Goal: (scene) =>
    say`Tell ${linked("blue", "surface", "plus")} from orange. It learns from ${scene.trainingPoints} points; the ${linked(`${scene.heldOutPoints} hollow ones`, "held", "goal")} are kept back for the test.`,
  Attempt: (scene) =>
    scene.number === 1
      ? say`Try 1. Its ${knobs(scene)} are still dice. Where the ground is ${linked("blue", "surface", "plus")}, it says blue.`
      : say`Try ${scene.number}. A point goes in at the left, and every neuron mixes what it hears, with ${knobs(scene)}.`,
  Mistake: (scene) => {
    const { worst, points, mistake } = scene;
    const { surprise } = points[worst];
    return say`Right on ${right(scene)} points. The worst is ${point(worst)}: it gave its colour only ${point(worst, percent(Math.exp(-surprise)))}. Mistake score ${linked(short(mistake), "line", "mistake")}.`;
  },
  Blame: (scene) => {
    const { story, into, blame } = blamed(scene);
    if (blame === 0)
      return say`Complaints walk back to the left, but no link hears any: all are multiplied by 0.${stuckWords(scene)}`;
    return say`Complaints walk back. Most land on the link ${story("blame")}${into}: blame ${linked(signed(blame, 4), linkMark(scene.mostBlamed), "blame")}, so ${turnWords(blame)}.${stuckWords(scene)}`;
  },
  Adjust: (scene) => {
    const { story, into, turn, mark } = blamed(scene);
    if (scene.step === null || turn === null) return noStep;
    const by = linked(`${turn < 0 ? "down" : "up"} by ${short(Math.abs(turn))}`, mark, "plus");
    return say`Turn the link ${story("plus")}${into} ${by}. ${promiseStory(scene.step.credit)}`;
  },
  Again: (scene) =>
    scene.step === null
      ? noStep
      : say`${paidWords(scene.step.credit, causeOfGrowth(scene))} Points it never saw: ${unseen(scene)} right.`,
};

const student: Told = {
  Goal: (scene) =>
    say`Binary classification of ${scene.trainingPoints} points in the plane. Every fifth point, ${linked(`${scene.heldOutPoints} in all`, "held", "goal")}, is held out.`,
  Attempt: (scene) =>
    say`Forward pass with ${knobs(scene)}. Each ${linked("neuron", "net", "plus")} computes a weighted sum and an activation; its picture shows its value all over the plane.`,
  Mistake: (scene) =>
    say`Cross entropy ${linked(short(scene.mistake), "line", "mistake")} on the training points${scene.heldOut === null ? "" : say`, ${linked(short(scene.heldOut), "line", "goal")} held out`}. ${right(scene)} right; ${point(scene.worst)} alone costs ${point(scene.worst, short(scene.points[scene.worst].surprise))}.`,
  Blame: (scene) => {
    const { name, blame } = blamed(scene);
    return say`Backward pass. The largest gradient is that of ${name("blame")}: ${linked(signed(blame, 4), linkMark(scene.mostBlamed), "blame")}.${stuckWords(scene)}`;
  },
  Adjust: (scene) => {
    const { name, turn, mark } = blamed(scene);
    if (scene.step === null || turn === null) return noStep;
    return say`${optimizerNames[scene.settings.optimizer]} with learning rate ${scene.settings.learningRate} moves ${name("plus")} by ${linked(signed(turn, 4), mark, "plus")}. Predicted decrease: ${linked(short(scene.step.credit.promise), "promise", "promise")}.`;
  },
  Again: (scene) => {
    if (scene.step === null) return noStep;
    const { promise, paid, helped, knobs: count } = scene.step.credit;
    return say`Promised ${linked(short(promise), "promise", "promise")}, paid ${linked(short(paid), "paid", paid > 0 ? "helped" : "hurt")}; ${helped} of ${count} knobs helped. Held out: ${unseen(scene)} right. Unexplained: ${unexplainedShare(scene.step.credit)}.`;
  },
};

const maths: Told = {
  Goal: (scene) =>
    say`(xᵢ, yᵢ) ∈ ℝ² × {0, 1}, i = 1 … ${scene.trainingPoints}; ${linked(`${scene.heldOutPoints} more`, "held", "goal")} are held out.`,
  Attempt: (scene) =>
    say`a⁽ˡ⁾ = f(W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾), l = 1 … ${linked(`${scene.layers.length}`, "net", "plus")}; p = σ(z), ${scene.knobs} parameters.`,
  Mistake: (scene) =>
    say`L = −mean ln p(yᵢ) = ${linked(decimal(scene.mistake, 5), "line", "mistake")}${scene.heldOut === null ? "" : say`; held out ${linked(decimal(scene.heldOut, 5), "line", "goal")}`}; max over i: ${point(scene.worst, decimal(scene.points[scene.worst].surprise, 4))} at i = ${scene.worst + 1}.`,
  Blame: (scene) => {
    const { blame, mark } = blamed(scene);
    return say`δ⁽ˡ⁾ = f′(z⁽ˡ⁾) ⊙ W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾, ∂L/∂W = mean δ aᵀ; largest ${linked(signed(blame, 5), mark, "blame")}. mean f′ < 0.01: ${linked(`${scene.stuck} of ${scene.hidden}`, "net", "blame")}.`;
  },
  Adjust: (scene) => {
    const { turn, mark } = blamed(scene);
    if (scene.step === null || turn === null) return noStep;
    return say`Δw = ${linked(signed(turn, 5), mark, "plus")} there; −∇L·Δw = ${linked(short(scene.step.credit.promise), "promise", "promise")} over ${scene.knobs} parameters.`;
  },
  Again: (scene) => {
    if (scene.step === null) return noStep;
    const { promise, paid, unexplained } = scene.step.credit;
    return say`−∇L·Δw = ${linked(short(promise), "promise", "promise")}, −∫∇L·dw = ${linked(short(paid), "paid", paid > 0 ? "helped" : "hurt")}, rest ${unexplained.toExponential(0)}. L: ${decimal(scene.mistake, 5)} → ${decimal(scene.step.after.mistake, 5)}.`;
  },
};

const told: Record<Level, Told> = { kid, student, maths };

export function wordsFor(scene: PlayScene, stage: Stage["name"], level: Level): Rich {
  return told[level][stage](scene);
}

export function plainWordsFor(scene: PlayScene, stage: Stage["name"], level: Level): string {
  return plain(wordsFor(scene, stage, level));
}
