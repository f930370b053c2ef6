import type { Level } from "../../words/levels.js";
import { turnWords } from "../../words/blame.js";
import { decimal, percent, short, signed } from "../../words/numbers.js";
import { linked, plain, say, type Rich } from "../../words/rich.js";
import { paidWords, promiseStory, promiseWords, unexplainedShare, type Credit } from "../credit.js";
import type { Stage } from "../stages.js";
import type { Try } from "./lesson.js";
import type { Scene, Stop } from "./scene.js";
import { enough, indexOf, nameOf, size } from "./sizes.js";
import type { Attempt } from "./training.js";

// A try in words: for a kid in the terminal and on the page, for a student and in formulas on the page. The numbers are the same.

const squares = size ** 2;

/** Tells a try in words that a child understands, with the numbers of this try. */
export function stagesOf({ number, attempt, adjustment }: Try): Stage[] {
  const stages: Stage[] = [
    {
      name: "Attempt",
      words: say`Try ${number}. “Is there ink?” Asked ${linked(`${squares} times`, "ink", "plus")}, once for each little square.`,
    },
    { name: "Mistake", words: mistakeWords(attempt) },
  ];
  if (adjustment === null) {
    const words = say`No need. At least ${percent(enough, 0)} of the squares are right: that is a star!`;
    return [...stages, { name: "Again", words }];
  }
  return [
    ...stages,
    { name: "Adjust", words: promiseWords(adjustment) },
    { name: "Again", words: paidWords(adjustment, causeOfGrowth(adjustment)) },
  ];
}

function mistakeWords({ ink, right, mistake }: Attempt): Rich {
  const score = say`Mistake score ${linked(short(mistake), "score", "mistake")}.`;
  const share = say`${linked(`${right} squares`, "wrong", "mistake")} are right, ${percent(right / squares, 1)}`;
  if (ink.includes(true)) return say`${share}. ${score}`;
  return say`${share}, on a blank sheet: most of it is paper, so “no ink” is the safest guess. ${score}`;
}

/**
 * Why a try made the loss larger. A step against the gradient (promise > 0) was too long. A step along the gradient
 * comes from the momentum of earlier steps.
 */
function causeOfGrowth({ promise }: Pick<Credit, "promise">): string {
  return promise > 0 ? "The step was too long." : "We rolled past it. That is momentum.";
}

type Told = Record<Stage["name"], (scene: Scene) => Rich>;

/** The words for one stage of a try at a level. */
export function wordsFor(scene: Scene, stage: Stage["name"], level: Level): Rich {
  if (level !== "kid") return (level === "student" ? studentWords : mathsWords)[stage](scene);
  if (stage === "Goal")
    return say`Draw ${linked("this star", "goal", "goal")} without a pen: for each of ${squares} squares, say how much ink is there. ${linked(`${scene.inked} squares`, "goal", "goal")} have ink.`;
  if (stage === "Blame") return blameWords(scene);
  if (stage === "Adjust" && scene.adjustment !== null) return promiseStory(scene.adjustment);
  const stages = stagesOf(scene);
  return (stages.find(({ name }) => name === stage) ?? stages[stages.length - 1]).words;
}

function blameWords(scene: Scene): Rich {
  const { knobs, mostBlamed, stop } = scene;
  const knob = knobs[indexOf(mostBlamed)];
  const most = say`Mostly the knob ${linked(nameOf(knob.id), knob.id, "blame")}: blame ${linked(signed(knob.blame, 4), knob.id, "blame")}, so ${turnWords(knob.blame)}.`;
  if (stop !== null) return say`${most} ${stopWords(stop)}`;
  return say`${squares} squares complain to the ink, and the complaints walk back through the links to ${linked(`all ${knobs.length} knobs`, "knobs", "blame")}. ${most}`;
}

/** Why the knobs before a layer hear nothing. */
export function stopWords({ kind, layer, factor }: Stop): Rich {
  const name = layer === 1 ? "a" : "b";
  const times = linked(`× ${factorText(factor)}`, "stop", "mistake");
  if (kind === "weights")
    return say`But what leads on from the ${name} neurons is zero: every complaint is multiplied ${times}, and nobody before them hears of it.`;
  if (kind === "dead")
    return say`But the ${name} neurons are dead: they pass on 0 for every square, and a complaint that comes back is multiplied ${times}.`;
  return say`But the ${name} neurons are at the end of their bend, where it is flat: a complaint that comes back is multiplied ${times}. Hardly anything gets through.`;
}

/** A factor with as many digits as it needs. */
export function factorText(factor: number): string {
  if (factor === 0) return "0";
  return factor >= 0.0005 ? decimal(factor, factor < 0.1 ? 3 : 2) : factor.toExponential(0);
}

const done = say`At least ${percent(enough, 0)} of the squares are right. There is nothing to adjust.`;

const bends = { tanh: "tanh", sigmoid: "σ", relu: "ReLU" } as const;

const studentWords: Told = {
  Goal: ({ inked }) =>
    say`A binary target for ${squares} inputs: ${linked(`${inked} ones`, "goal", "goal")}, ${squares - inked} zeros. The network sees two coordinates of a square at a time, never the picture.`,
  Attempt: ({ settings, knobs, means }) =>
    say`Forward pass, 2 → 16 → 16 → 1 with ${bends[settings.activation]}: ${linked(`${knobs.length} parameters`, "knobs", "plus")}. The mean answer is ${linked(decimal(means.ink), "means", "plus")} where ink belongs and ${linked(decimal(means.paper), "means", "plus")} on paper; above 0.5 counts as ink.`,
  Mistake: ({ attempt, missing, extra, constant }) =>
    say`Mean squared error ${linked(short(attempt.mistake), "score", "mistake")}; ${linked(`${missing} squares`, "wrong", "mistake")} lack ink and ${linked(`${extra}`, "wrong", "mistake")} have too much. Always answering ${decimal(constant.answer, 2)} would give ${short(constant.mistake)}.`,
  Blame: ({ knobs, mostBlamed, slopes, stop }) => {
    const knob = knobs[indexOf(mostBlamed)];
    const passes = say`The slopes of the bends pass on ${linked(factorText(slopes[1]), "slope-2", "blame")} at b and ${linked(factorText(slopes[0]), "slope-1", "blame")} at a, on average`;
    const largest = say`Largest gradient: ${linked(`${nameOf(knob.id)}, ${signed(knob.blame, 4)}`, knob.id, "blame")}.`;
    return say`Backward pass. ${passes}. ${largest}${stop === null ? "" : say` ${stopWords(stop)}`}`;
  },
  Adjust: ({ adjustment, settings, knobs, mostBlamed, step }) => {
    if (adjustment === null || step === null) return done;
    const rule =
      settings.optimizer === "adam"
        ? say`Adam turns every knob by about ${settings.learningRate}, less where its gradients disagree`
        : say`Every knob turns against its gradient, ${settings.learningRate} of it`;
    const { id } = knobs[indexOf(mostBlamed)];
    return say`${rule}: ${linked(`${nameOf(id)} by ${signed(step.turns[indexOf(id)].turn)}`, id, "plus")}. If the slopes stayed as they are, all turns would gain ${linked(short(adjustment.promise), "promise", "promise")}.`;
  },
  Again: ({ adjustment, step }) => {
    if (adjustment === null || step === null) return done;
    const { promise, paid, helped, knobs } = adjustment;
    const tone = paid > 0 ? "helped" : "hurt";
    return say`Paid ${linked(short(paid), "paid", tone)} of a promise of ${linked(short(promise), "promise", "promise")}; ${linked(`${helped} of ${knobs} knobs`, "knobs", "helped")} helped. ${linked(`${step.better} squares`, "squares", "helped")} became right, ${linked(`${step.worse}`, "squares", "hurt")} wrong. Unexplained: ${unexplainedShare(adjustment)}.`;
  },
};

const mathsWords: Told = {
  Goal: ({ inked }) => say`t ∈ {0, 1}${superscript(squares)}, Σ t = ${linked(`${inked}`, "goal", "goal")}.`,
  Attempt: ({ settings }) =>
    say`f(x) = W₃ φ(W₂ φ(W₁ x + c₁) + c₂) + c₃ with φ = ${bends[settings.activation]}; W₁ ∈ ℝ¹⁶ˣ², W₂ ∈ ℝ¹⁶ˣ¹⁶, W₃ ∈ ℝ¹ˣ¹⁶: ${linked("337 parameters", "knobs", "plus")}.`,
  Mistake: ({ attempt, answers, worst, goal }) =>
    say`L = ¹⁄₇₈₄ Σ (f(xₚ) − tₚ)² = ${linked(decimal(attempt.mistake, 5), "score", "mistake")}. The largest term is (${decimal(answers[worst])} − ${goal[worst]})².`,
  Blame: ({ knobs, mostBlamed, slopes }) => {
    const knob = knobs[indexOf(mostBlamed)];
    return say`δ₂ = W₃ᵀδ₃ ⊙ φ′(z₂), δ₁ = W₂ᵀδ₂ ⊙ φ′(z₁); mean φ′: ${linked(factorText(slopes[1]), "slope-2", "blame")}, ${linked(factorText(slopes[0]), "slope-1", "blame")}. Largest: ∂L/∂(${nameOf(knob.id)}) = ${linked(signed(knob.blame, 5), knob.id, "blame")}.`;
  },
  Adjust: ({ adjustment, settings, knobs, mostBlamed, step, attempt }) => {
    if (adjustment === null || step === null) return done;
    const { id } = knobs[indexOf(mostBlamed)];
    const rule =
      settings.optimizer === "adam"
        ? `Δw = −${settings.learningRate} m̂ ⁄ (√v̂ + ε)`
        : `Δw = −${settings.learningRate} ∇L`;
    return say`${rule}: Δ(${nameOf(id)}) = ${linked(signed(step.turns[indexOf(id)].turn, 5), id, "plus")}. First order: −∇L · Δw = ${linked(decimal(adjustment.promise, 5), "promise", "promise")}, of L = ${decimal(attempt.mistake, 5)}.`;
  },
  Again: ({ adjustment, step, attempt }) => {
    if (adjustment === null || step === null) return done;
    const { promise, paid, unexplained } = adjustment;
    const tone = paid > 0 ? "helped" : "hurt";
    return say`−∫ ∇L · dw = ${linked(decimal(paid, 5), "paid", tone)}, −∇L · Δw = ${linked(decimal(promise, 5), "promise", "promise")}. Rest ${unexplained.toExponential(1)} (${unexplainedShare(adjustment)}), ${step.gradients} gradients. L: ${decimal(attempt.mistake, 5)} → ${decimal(step.after.mistake, 5)}.`;
  },
};

function superscript(value: number): string {
  return String(value).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
}

/** Why early tries are blank, with the numbers of this try; null if there is ink. */
export function blankWords({ attempt, means, constant, inked, goal }: Scene): Rich | null {
  if (attempt.ink.includes(true)) return null;
  return say`Why blank? ${goal.length - inked} of ${goal.length} squares are paper. Whoever knows nothing does best with ${decimal(constant.answer, 2)} everywhere, and only answers above 0.5 make ink. Here ink squares get ${decimal(means.ink, 2)} on average, paper ${decimal(means.paper, 2)}.`;
}

/** The words alone, for a reader of the screen. */
export function plainWordsFor(scene: Scene, stage: Stage["name"], level: Level): string {
  return plain(wordsFor(scene, stage, level));
}
