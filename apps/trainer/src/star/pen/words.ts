import { starSize } from "@stargrad/datasets";

import type { Level } from "../../words/levels.js";
import { blameText, turnWords } from "../../words/blame.js";
import { decimal, degrees, percent, short, signed } from "../../words/numbers.js";
import { linked, plain, say, type Linked, type Rich, type Tone } from "../../words/rich.js";
import { paidWords, promiseWords, unexplainedShare, uphill } from "../credit.js";
import type { Stage } from "../stages.js";
import type { Adjustment, Knob, Try } from "./lesson.js";
import type { Scene } from "./scene.js";
import type { Attempt } from "./training.js";
import { tolerance } from "./sizes.js";

// A try in words: for a kid in the terminal and on the page, for a student and in formulas on the page. The numbers are the same.

/** The stroke that explains the forward pass. */
export const exampleStroke = 4;

/** Tells a try in words that a child understands, with the numbers of this try. */
export function stagesOf({ number, attempt, adjustment }: Try, momentum: number): Stage[] {
  const strokes = attempt.corners.length;
  const stages: Stage[] = [
    {
      name: "Goal",
      words: say`Draw the ${linked("dotted star", "goal", "goal")}: ${strokes} strokes, from corner to corner.`,
    },
    { name: "Attempt", words: attemptWords(number, strokes) },
    { name: "Mistake", words: mistakeWords(attempt) },
  ];
  if (adjustment === null) {
    const words = say`No need. Every corner is within ${linked(percent(tolerance, 0), "goal", "goal")}: a perfect star!`;
    return [...stages, { name: "Again", words }];
  }
  return [
    ...stages,
    { name: "Blame", words: blameWords(adjustment.mostBlamed, strokes) },
    { name: "Adjust", words: adjustWords(adjustment) },
    { name: "Again", words: paidWords(adjustment, causeOfGrowth(momentum, number)) },
  ];
}

/** The words for one stage of a try at a level. */
export function wordsFor(scene: Scene, stage: Stage["name"], level: Level): Rich {
  if (level === "kid") {
    const stages = stagesOf(scene, scene.momentum);
    const told = stages.find(({ name }) => name === stage) ?? stages[stages.length - 1];
    return stage === "Adjust" && scene.adjustment !== null
      ? say`${told.words}${uphill(scene.adjustment)}`
      : told.words;
  }
  return (level === "student" ? studentWords : mathsWords)[stage](scene);
}

function attemptWords(number: number, strokes: number): Rich {
  const knobs = linked(`${2 * strokes} knobs`, "knobs", "plus");
  return number === 1
    ? say`Try 1. The pen follows its ${knobs}: a direction and a length for each stroke. It cannot see the star.`
    : say`Try ${number}. The pen follows its ${linked("knobs", "knobs", "plus")} as they are now.`;
}

function mistakeWords({ misses, mistake }: Attempt): Rich {
  const average = misses.reduce((sum, miss) => sum + miss, 0) / misses.length;
  const worst = Math.max(...misses);
  const corner = misses.indexOf(worst) + 1;
  return say`Corners miss by ${linked(percent(average), "goal", "mistake")} of the star's size on average. Worst: ${linked(`corner ${corner}, by ${percent(worst)}`, `c${corner}`, "mistake")}. Mistake score ${linked(short(mistake), "score", "mistake")}; 0 is perfect.`;
}

function blameWords({ kind, stroke, blame }: Knob, strokes: number): Rich {
  const from = stroke === 1 ? "the top" : `corner ${stroke - 1}`;
  const fault =
    kind === "length"
      ? `is too ${blame > 0 ? "long" : "short"}`
      : `points too far ${blame > 0 ? "counter-clockwise" : "clockwise"}`;
  const dependents = linked(cornersAfter(stroke, strokes), `c${stroke}`, "blame");
  const hang = stroke === strokes ? "hangs" : stroke === 1 ? "hang" : "all hang";
  const knob = markOf({ kind, stroke });
  return say`Most to blame is ${linked(`stroke ${stroke}`, knob, "blame")}, from ${from} to ${stroke}: it ${fault} (blame ${linked(signed(blame), knob, "blame")}: ${turnWords(blame)}). ${dependents} ${hang} on it.`;
}

/** The corners that a stroke moves. */
function cornersAfter(stroke: number, strokes: number): string {
  if (stroke === 1) return "All corners";
  return stroke === strokes ? `Corner ${stroke}` : `Corners ${stroke} to ${strokes}`;
}

function adjustWords(adjustment: Adjustment): Rich {
  const { stroke, blame, turn } = adjustment.mostBlamed;
  const turned = linked(turnedWords(adjustment.mostBlamed), markOf(adjustment.mostBlamed), "plus");
  const made =
    blame * turn > 0
      ? say`Stroke ${stroke} is still rolling, ${turned} for now.`
      : say`Now stroke ${stroke} is ${turned}.`;
  return say`${made} ${promiseWords(adjustment)}`;
}

function turnedWords({ kind, turn }: Knob): string {
  const size = Math.abs(turn);
  if (kind === "length")
    return `${turn > 0 ? "longer" : "shorter"} by ${percent(size / starSize)} of the star's size`;
  const angle = `${((180 / Math.PI) * size).toFixed(1)}°`;
  return `turned ${angle} ${turn > 0 ? "counter-clockwise" : "clockwise"}`;
}

/** The first try has nothing to carry on. */
function causeOfGrowth(momentum: number, number: number): string {
  return momentum > 0 && number > 1 ? "We rolled past it. That is momentum." : "The step was too long.";
}

/** The mark of a knob: `l3` for the length of stroke 4. */
export function markOf({ kind, stroke }: Pick<Knob, "kind" | "stroke">): string {
  return `${kind === "length" ? "l" : "d"}${stroke}`;
}

/** A guess beside what the blame says, and beside the slope if it was measured. Nobody keeps score. */
export function guessWords(scene: Scene, guess: number, slope: number | null): Rich {
  const { knob, say: about } = blamed(scene);
  const said = linked(`stroke ${guess}`, `l${guess}`, "goal");
  const most = about(`stroke ${knob.stroke}`, "blame");
  const measured =
    slope === null ? "" : ` Wiggling its ${knob.kind} says so too: the slope is ${signed(slope)}.`;
  if (guess === knob.stroke) return say`You said ${said}, and so does the blame.${measured}`;
  const [direction, length] = [scene.knobs[2 * guess - 2], scene.knobs[2 * guess - 1]];
  const larger = Math.abs(direction.blame) > Math.abs(length.blame) ? direction : length;
  const yours = linked(blameText(larger.blame), larger.id, "blame");
  return say`You said ${said}, with at most ${yours}; blame says ${most}.${measured}`;
}

type Told = Record<Stage["name"], (scene: Scene) => Rich>;

/** The knob with the largest blame, with all its numbers. Its turn is null if the try is perfect. */
function blamed({ knobs, step }: Scene) {
  const sizes = knobs.map(({ blame }) => Math.abs(blame));
  const index = sizes.indexOf(Math.max(...sizes));
  const knob = knobs[index];
  const say = (text: string, tone: Tone): Linked => linked(text, knob.id, tone);
  return { knob, turn: step?.turns[index] ?? null, say };
}

const done = say`Every corner is within ${percent(tolerance, 0)} of the star's size. There is nothing to adjust.`;

const studentWords: Told = {
  Goal: ({ goal }) =>
    say`The ${linked("target", "goal", "goal")} is ${goal.length} points. The model never sees them; only the loss compares its corners with them.`,
  Attempt: ({ knobs }) =>
    say`Forward pass. Every corner starts where the last one ended: ${linked("stroke 4", "l4", "plus")} goes ${linked(decimal(knobs[7].now), "l4", "plus")} far at ${linked(degrees(knobs[6].now), "d4", "plus")}. The goal plays no part yet.`,
  Mistake: ({ attempt, averageMiss, worst }) =>
    say`The loss is the mean squared distance of the corners from their goals: ${linked(short(attempt.mistake), "score", "mistake")}. Corners miss by ${linked(percent(averageMiss), "goal", "mistake")} of the star's size on average, ${linked(`corner ${worst + 1} by ${percent(attempt.misses[worst])}`, `c${worst + 1}`, "mistake")}.`,
  Blame: (scene) => {
    const { knob, say: about } = blamed(scene);
    const pile = scene.piles[knob.stroke - 1];
    const part = knob.kind === "length" ? "along the stroke" : "across the stroke";
    return say`Backward pass. Complaints walk back and add up. At ${about(`stroke ${knob.stroke}`, "blame")}, ${pile.notes} ${pile.notes === 1 ? "note is" : "notes have become"} one arrow; its part ${part} gives the gradient ${about(signed(knob.blame), "blame")}.`;
  },
  Adjust: (scene) => {
    const { adjustment, learningRate, momentum } = scene;
    const { knob, turn, say: about } = blamed(scene);
    if (adjustment === null || turn === null) return done;
    const rule =
      momentum === 0
        ? say`Every knob turns against its gradient, ${learningRate} of it`
        : say`Every knob turns against its gradient, ${learningRate} of it, and keeps ${momentum} of its last turn`;
    return say`${rule}: ${about(`stroke ${knob.stroke}`, "plus")} by ${about(turnOf(knob.kind, turn.turn), "plus")}. If the slopes stayed as they are, all turns would gain ${linked(short(adjustment.promise), "promise", "promise")}.`;
  },
  Again: (scene) => {
    const { adjustment, step } = scene;
    if (adjustment === null || step === null) return done;
    const { promise, paid, helped, knobs } = adjustment;
    const tone = paid > 0 ? "helped" : "hurt";
    return say`Paid ${linked(decimal(paid), "paid", tone)} of a promise of ${linked(decimal(promise), "promise", "promise")}: the gradient knows only the slope at the start. ${linked(`${helped} of ${knobs} knobs`, "knobs", "helped")} helped. Unexplained: ${unexplainedShare(adjustment)}.`;
  },
};

const mathsWords: Told = {
  Goal: ({ goal }) =>
    say`g₁ … g₁₀ ∈ ℝ², ${linked("fixed", "goal", "goal")}. They enter the loss L and nothing else. n = ${goal.length}.`,
  Attempt: ({ knobs, attempt }) =>
    say`pₖ = pₖ₋₁ + ℓₖ (cos θₖ, sin θₖ). With ℓ₄ = ${linked(decimal(knobs[7].now, 5), "l4", "plus")} and θ₄ = ${linked(degrees(knobs[6].now), "d4", "plus")}: p₄ = ${linked(pair(attempt.corners[3]), "c4", "plus")}.`,
  Mistake: ({ attempt, squares, worst }) =>
    say`L = ¹⁄₁₀ Σₖ ‖pₖ − gₖ‖² = ${linked(decimal(attempt.mistake, 5), "score", "mistake")}. The largest term is ‖p${subscript(worst + 1)} − g${subscript(worst + 1)}‖² = ${linked(decimal(squares[worst], 5), `c${worst + 1}`, "mistake")}.`,
  Blame: (scene) => {
    const { knob, say: about } = blamed(scene);
    const k = subscript(knob.stroke);
    const value = about(signed(knob.blame, 5), "blame");
    return knob.kind === "length"
      ? say`∂L/∂ℓ${k} = Σⱼ≥${k} ²⁄₁₀ (pⱼ − gⱼ) · (cos θ${k}, sin θ${k}) = ${value}.`
      : say`∂L/∂θ${k} = ℓ${k} Σⱼ≥${k} ²⁄₁₀ (pⱼ − gⱼ) · (−sin θ${k}, cos θ${k}) = ${value}.`;
  },
  Adjust: (scene) => {
    const { adjustment, learningRate, momentum } = scene;
    const { knob, turn, say: about } = blamed(scene);
    if (adjustment === null || turn === null) return done;
    return say`v ← ${momentum} v + ∇L, Δw = −${learningRate} v: Δ${knob.kind === "length" ? "ℓ" : "θ"}${subscript(knob.stroke)} = ${about(signed(turn.turn, 5), "plus")}. First order: −∇L · Δw = ${linked(decimal(adjustment.promise, 5), "promise", "promise")}, of L = ${decimal(scene.attempt.mistake, 5)}.`;
  },
  Again: (scene) => {
    const { adjustment, step, attempt } = scene;
    if (adjustment === null || step === null) return done;
    const { promise, paid, unexplained } = adjustment;
    const tone = paid > 0 ? "helped" : "hurt";
    return say`−∫ ∇L · dw = ${linked(decimal(paid, 5), "paid", tone)} along the straight path, −∇L · Δw = ${linked(decimal(promise, 5), "promise", "promise")}. Rest ${unexplained.toExponential(1)} (${unexplainedShare(adjustment)}), ${step.gradients} gradients. L: ${decimal(attempt.mistake, 5)} → ${decimal(step.after.mistake, 5)}.`;
  },
};

/** A turn in the units of its knob. */
export function turnOf(kind: Knob["kind"], turn: number): string {
  return kind === "length" ? signed(turn) : `${turn < 0 ? "−" : "+"}${degrees(Math.abs(turn))}`;
}

/** The value of a knob, in its units. */
export function valueOf(kind: Knob["kind"], value: number): string {
  return kind === "length" ? decimal(value) : degrees(value);
}

export function pair([x, y]: readonly [number, number], digits = 3): string {
  return `(${decimal(x, digits)}, ${decimal(y, digits)})`;
}

function subscript(value: number): string {
  return String(value).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);
}

/** The words alone, for a reader of the screen. */
export function plainWordsFor(scene: Scene, stage: Stage["name"], level: Level): string {
  return plain(wordsFor(scene, stage, level));
}
