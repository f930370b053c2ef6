import type { Level } from "../words/levels.js";
import { decimal, percent, short, signed, thousands } from "../words/numbers.js";
import { linked, plain, say, type Rich } from "../words/rich.js";
import { unexplainedShare, uphill } from "../star/credit.js";
import type { Stage } from "../star/stages.js";
import type { Answered, Scene } from "./scene.js";
import { animals, batchSize, goal, heldOutDrawings, learnedDrawings, side } from "./sizes.js";

// A step in words: for a kid, for a student and in formulas. The numbers are the same.

/** The words for one stage of a step at a level. */
export function wordsFor(scene: Scene, stage: Stage["name"], level: Level): Rich {
  return told[level][stage](scene);
}

/** The words alone, for a reader of the screen. */
export function plainWordsFor(scene: Scene, stage: Stage["name"], level: Level): string {
  return plain(wordsFor(scene, stage, level));
}

/** What the net says: the animal with the larger probability; the first one if both are equal. */
export function saidBy({ p }: Pick<Answered, "p">): 0 | 1 {
  return p[1] > p[0] ? 1 : 0;
}

/** The mark of the filter with the most blame, in both layers. */
export function mostBlamed({ blame: { volumes } }: Scene): string {
  const all = volumes.flatMap((layer, l) =>
    Array.from(layer, (value, i) => [Math.abs(value), `${l === 0 ? "f" : "g"}${i + 1}`] as const),
  );
  return all.reduce((most, one) => (one[0] > most[0] ? one : most))[1];
}

/** The volume blame of a filter, by its mark. */
export function volumeOf({ blame: { volumes } }: Scene, mark: string): number {
  return volumes[mark.startsWith("f") ? 0 : 1][Number(mark.slice(1)) - 1];
}

/** The weight of the first layer with the most blame on the drawings of the step: its filter and its place, counted from 0. */
export function turnedMost({ step: { blames } }: Scene): {
  readonly filter: number;
  readonly weight: number;
} {
  let most = 0;
  for (const [i, blame] of blames.entries()) if (Math.abs(blame) > Math.abs(blames[most])) most = i;
  return { filter: Math.floor(most / 25), weight: most % 25 };
}

const words = (scene: Scene) => {
  const { answer, surprise, p, number, step, next } = scene;
  const said = saidBy(scene);
  const filter = mostBlamed(scene);
  return {
    right: animals[answer],
    isRight: said === answer,
    says: linked(`${animals[said]} ${decimal(p[said], 2)}`, "votes", "goal"),
    given: linked(percent(p[answer], 1), "votes", "goal"),
    surprised: linked(short(surprise), "surprise", "mistake"),
    /** The drawing, while its answer is not told yet. */
    drawing: linked("this drawing", "picture", "goal"),
    picture: linked(`this ${animals[answer]}`, "picture", "goal"),
    steps: number === 1 ? "It has learned nothing yet." : `It has made ${number - 1} steps.`,
    filter,
    heard: linked(nameOf(filter), filter, "blame"),
    louder: volumeOf(scene, filter),
    pixel: scene.blame.wish,
    top: scene.blame.strongest[0],
    paid: linked(decimal(step.credit.paid, 4), "paid", step.credit.paid > 0 ? "helped" : "hurt"),
    promised: linked(decimal(step.credit.promise, 4), "promise", "promise"),
    outlook: linked(
      `${step.credit.promise > 0 ? "down" : "up"} by ${decimal(Math.abs(step.credit.promise), 4)}`,
      "promise",
      "promise",
    ),
    nextGiven: linked(percent(next.p[answer], 1), "next", next.p[answer] > p[answer] ? "helped" : "hurt"),
    rest: unexplainedShare(step.credit),
  };
};

/** “filter 5”, or “filter 12 of the second layer”. */
export function nameOf(mark: string): string {
  return mark.startsWith("f") ? `filter ${mark.slice(1)}` : `filter ${mark.slice(1)} of the second layer`;
}

/** “row 4, column 11”, counted from 1. */
export function placeOf(pixel: number): string {
  return `row ${Math.floor(pixel / side) + 1}, column ${(pixel % side) + 1}`;
}

function feeling(surprise: number): string {
  if (surprise < 0.1) return "No surprise";
  if (surprise < 0.5) return "A small surprise";
  return surprise < 1 ? "A surprise" : "A big surprise";
}

type Told = Record<Stage["name"], (scene: Scene) => Rich>;

const kid: Told = {
  Goal: (scene) => {
    const { drawing, steps } = words(scene);
    return say`Is ${drawing} a cat or a dog? The net never learns from it, but from ${thousands(learnedDrawings)} others, ${batchSize} in every step. ${steps}`;
  },
  Attempt: (scene) => {
    const { says, isRight, right } = words(scene);
    const end = isRight ? "That is right." : `The answer is ${right}.`;
    return say`It says ${says}. Eight little filters slide over the picture, 16 more look at what they found, and then they ${linked("vote", "votes", "plus")}. ${end}`;
  },
  Mistake: (scene) => {
    const { says, right, given, surprised } = words(scene);
    return say`It says ${says}. The answer is ${right}, and for ${right} it gave only ${given}. ${feeling(scene.surprise)}: ${surprised}. Surprise is the mistake.`;
  },
  Blame: (scene) => {
    const { says, right, pixel, heard, louder } = words(scene);
    const ink = scene.blame.pixels[pixel] < 0 ? "Add ink" : "Erase";
    const voice = louder > 0 ? "spoke too loud" : "spoke too softly";
    return say`It says ${says}, the answer is ${right}. ${linked(`${ink} at ${placeOf(pixel)}`, `x${pixel}`, "blame")}, and it becomes more ${right}; ${heard} ${voice}.`;
  },
  Adjust: (scene) => {
    const { outlook } = words(scene);
    const { knobs } = scene.step.credit;
    return say`Every weight turns a little against its blame on ${linked(`${batchSize} drawings`, "batch", "plus")} at once. All ${thousands(knobs)} turns promise: surprise ${outlook}.${uphill(scene.step.credit)}`;
  },
  Again: (scene) => {
    const { paid, right, given, nextGiven, picture } = words(scene);
    const { less, credit } = scene.step;
    const change =
      credit.paid > 0
        ? say`On these ${batchSize} drawings it paid ${paid}`
        : say`On these ${batchSize} drawings the surprise grew: paid ${paid}`;
    return say`${change}: ${linked(`${less} of ${batchSize}`, "batch", less * 2 > batchSize ? "helped" : "hurt")} are less surprising. For ${picture}, ${right} went from ${given} to ${nextGiven}.`;
  },
};

const student: Told = {
  Goal: (scene) => {
    const { drawing } = words(scene);
    return say`A picture is ${side * side} numbers, ink from 0 to 1. The net maps it to two probabilities. It learns from ${thousands(learnedDrawings)} drawings and is tested on ${heldOutDrawings} others, such as ${drawing}; the goal is ${percent(goal, 0)}.`;
  },
  Attempt: (scene) => {
    const { votes } = scene;
    const { given, right } = words(scene);
    return say`Forward pass: 8 maps of 28 × 28, halved; 16 maps of 14 × 14, halved; two votes, cat ${linked(decimal(votes[0], 2), "votes", "plus")} and dog ${linked(decimal(votes[1], 2), "votes", "plus")}. Softmax gives ${right} ${given}.`;
  },
  Mistake: (scene) => {
    const { right, given, surprised, says } = words(scene);
    return say`It says ${says}; ${right} has ${given}. Surprise is −ln ${decimal(scene.p[scene.answer], 3)} = ${surprised}: 0 for certain and right, and without end for certain and wrong. A coin would have 0.693.`;
  },
  Blame: (scene) => {
    const { given, right, surprised, top, heard, louder } = words(scene);
    return say`It gives “${right}” ${given}: surprise ${surprised}. Blame walks back through 16 and 8 filters to the pixels; the most is ${linked(signed(scene.blame.pixels[top]), `x${top}`, "blame")} per unit of ink at ${placeOf(top)}; ${heard}: ${linked(signed(louder), words(scene).filter, "blame")} if it were twice as loud, by the slope.`;
  },
  Adjust: (scene) => {
    const { promised } = words(scene);
    const { filter, weight } = turnedMost(scene);
    const at = 25 * filter + weight;
    return say`Adam turns each weight by about ${scene.learningRate}, against the mean gradient of ${batchSize} drawings. In ${linked(`filter ${filter + 1}`, `f${filter + 1}`, "plus")}, a weight with blame ${linked(signed(scene.step.blames[at]), `w${filter + 1}-${weight}`, "blame")} turns by ${linked(signed(scene.step.turns[at], 4), `w${filter + 1}-${weight}`, "plus")}. Promise of all: ${promised}.`;
  },
  Again: (scene) => {
    const { paid, promised, rest } = words(scene);
    const { credit, mistakes } = scene.step;
    return say`On these ${batchSize} drawings: ${decimal(mistakes[0], 4)} → ${decimal(mistakes[1], 4)}. Paid ${paid} of a promise of ${promised}; ${linked(`${credit.helped} of ${credit.knobs} weights`, "filters", "helped")} helped. Unexplained: ${rest}.`;
  },
};

const maths: Told = {
  Goal: () =>
    say`x ∈ [0, 1]²⁸ˣ²⁸, y ∈ {cat, dog}. Minimize 𝔼[−ln p_w(y | x)] over 4,994 weights w, with Adam on batches of ${batchSize}; stop at ${percent(goal, 0)} of ${heldOutDrawings} held-out x.`,
  Attempt: (scene) =>
    say`h₁ = relu(W₁ ∗ x + b₁), h₂ = relu(W₂ ∗ pool h₁ + b₂), z = W₃ pool h₂ + b₃ = ${linked(`(${decimal(scene.votes[0])}, ${decimal(scene.votes[1])})`, "votes", "plus")}, p = softmax z = ${linked(`(${decimal(scene.p[0], 4)}, ${decimal(scene.p[1], 4)})`, "votes", "goal")}.`,
  Mistake: (scene) => {
    const { right } = words(scene);
    return say`L = −ln p(${right}) = −ln ${linked(decimal(scene.p[scene.answer], 5), "votes", "goal")} = ${linked(decimal(scene.surprise, 5), "surprise", "mistake")}. ∂L/∂z = p − 𝟙: for ${right} ${linked(decimal(scene.p[scene.answer] - 1, 4), "votes", "blame")}.`;
  },
  Blame: (scene) => {
    const { top, filter, louder } = words(scene);
    const unit = filter.startsWith("f") ? "h₁" : "h₂";
    return say`L = ${linked(decimal(scene.surprise, 5), "surprise", "mistake")}. max |∂L/∂x| = ${linked(decimal(Math.abs(scene.blame.pixels[top]), 4), `x${top}`, "blame")}; marks: the 64 largest, ▲ where it is negative. Volume v of a map: ∂L/∂v at v = 1 is ⟨${unit}, ∂L/∂${unit}⟩ = ${linked(signed(louder, 4), filter, "blame")} for ${nameOf(filter)}.`;
  },
  Adjust: (scene) => {
    const { filter, weight } = turnedMost(scene);
    const at = 25 * filter + weight;
    return say`m ← 0.9 m + 0.1 g, v ← 0.999 v + 0.001 g², Δw = −${scene.learningRate} m̂ / (√v̂ + 10⁻⁸): g = ${linked(signed(scene.step.blames[at], 5), `w${filter + 1}-${weight}`, "blame")} gives Δw = ${linked(signed(scene.step.turns[at], 5), `w${filter + 1}-${weight}`, "plus")}. −g · Δw over all w: ${linked(decimal(scene.step.credit.promise, 5), "promise", "promise")}.`;
  },
  Again: (scene) => {
    const { credit, mistakes, gradients } = scene.step;
    const tone = credit.paid > 0 ? "helped" : "hurt";
    return say`−∫ ∇L · dw = ${linked(decimal(credit.paid, 5), "paid", tone)} along the straight path, −∇L · Δw = ${linked(decimal(credit.promise, 5), "promise", "promise")}. Rest ${credit.unexplained.toExponential(1)} (${unexplainedShare(credit)}), ${gradients} gradients. L: ${decimal(mistakes[0], 5)} → ${decimal(mistakes[1], 5)}.`;
  },
};

const told: Record<Level, Told> = { kid, student, maths };
