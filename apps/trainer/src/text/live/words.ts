import { paidWords, promiseStory, unexplainedShare } from "../../star/credit.js";
import type { Stage } from "../../star/stages.js";
import type { Level } from "../../words/levels.js";
import { decimal, percent, short, thousands } from "../../words/numbers.js";
import { linked, say, type Linked, type Rich, type Tone } from "../../words/rich.js";
import type { Account, Letter, Scene } from "./scene.js";
import { sizes } from "./sizes.js";

// A step in words: for a kid, a student and in formulas. The numbers are the same.

/** What is told: the scene, its chosen letter, and as much as is known of it. */
export interface Told {
  readonly scene: Scene;
  /** The place of the chosen letter. */
  readonly at: number;
  readonly letter: Letter | null;
  readonly account: Account | null;
  readonly text: {
    readonly name: string;
    readonly characters: number;
    readonly different: number;
    readonly heldOut: number;
    readonly knobs: number;
  };
}

/** A letter as it is shown: a space and the end of a line can be seen. */
export function shown(letter: string): string {
  if (letter === " ") return "␣";
  if (letter === "\n") return "↵";
  // Invisible characters could hide or reorder what is around them.
  return /^[\p{C}\p{Zl}\p{Zp}]$/u.test(letter) ? "·" : letter;
}

/** A letter as a word of a sentence. */
export function named(letter: string): string {
  if (letter === " ") return "a space";
  if (letter === "\n") return "a new line";
  return `“${shown(letter)}”`;
}

/** The last few letters before a place, as they are quoted. */
export function before({ letters }: Scene, at: number, most = 12): string {
  const start = Math.max(0, at - most);
  const text = letters
    .slice(start, at)
    .map((letter) => (letter === "\n" ? "↵" : shown(letter) === "␣" ? " " : shown(letter)));
  return `${start > 0 ? "…" : ""}${text.join("").trimStart()}`;
}

export function wordsFor(told: Told, stage: Stage["name"], level: Level): Rich {
  return { kid: kidWords, student: studentWords, maths: mathsWords }[level][stage](told);
}

type Teller = Record<Stage["name"], (told: Told) => Rich>;

const wait = ["The numbers of this step are on their way."];

/** What the sentences about the chosen letter need. */
function chosen({ scene, at }: Told) {
  const { chance, surprise, top } = scene.expected[at - 1];
  const mark = `c${at}`;
  const about = (text: string, tone: Tone): Linked => linked(text, mark, tone);
  return { came: scene.letters[at], chance, surprise, top, about, past: before(scene, at) };
}

/** The earlier letter that received most gradient. */
export function mostHeard({ heard }: Letter): { readonly place: number; readonly size: number } {
  const size = Math.max(...heard);
  return { place: heard.indexOf(size), size };
}

/** A chance as a percentage, with enough digits where it is small. */
export function chanceText(chance: number): string {
  return chance < 0.0005 ? "under 0.1 %" : percent(chance);
}

const kidWords: Teller = {
  Goal: ({ text }) =>
    say`The game: guess the ${linked("next letter", "goal", "goal")}. It reads ${text.name}, ${thousands(text.characters)} letters long. Nobody tells it what a word is.`,
  Attempt: (told) => {
    const { top, about, past } = chosen(told);
    const [first, second] = top;
    return say`It has read “${past}”. Next it bets ${about(`${percent(first.chance)} on ${named(first.letter)}`, "plus")} and ${percent(second.chance)} on ${named(second.letter)}. It cannot see what comes.`;
  },
  Mistake: (told) => {
    const { came, top, about, past, chance, surprise } = chosen(told);
    const isRight = top[0].letter === came;
    const bet = isRight
      ? say`and ${about(named(came), "mistake")} came`
      : say`but ${about(named(came), "mistake")} came, which it gave ${chanceText(chance)}`;
    return say`After “${past}” it bet ${linked(`${percent(top[0].chance)} on ${named(top[0].letter)}`, "top0", "plus")}, ${bet}. Surprise ${about(short(surprise), "mistake")}${isRight ? "." : "!"}`;
  },
  Blame: (told) => {
    const { came, about } = chosen(told);
    if (told.letter === null) return wait;
    const { place, size } = mostHeard(told.letter);
    const back = told.at - place;
    return say`The surprise about ${about(named(came), "mistake")} walks back to every letter before it. Most of it reached ${linked(`${named(told.scene.letters[place])}, ${back} back`, `c${place}`, "blame")}: ${linked(short(size), `c${place}`, "blame")}.`;
  },
  Adjust: ({ account }) =>
    account === null
      ? wait
      : say`Every knob turns a little, by its blame now and in the steps before. ${promiseStory(account)}`,
  Again: ({ account, scene }) =>
    account === null
      ? wait
      : say`${paidWords(account, "The step was too long, or it rolled on from the steps before.")} In this passage ${linked(`${account.better} of ${scene.expected.length} letters`, "passage", "helped")} surprise less.`,
};

const studentWords: Teller = {
  Goal: ({ text }) =>
    say`The ${linked("target", "goal", "goal")} at each place is the next character: one of ${text.different}. ${thousands(text.characters - text.heldOut)} characters are for training; the last ${thousands(text.heldOut)} are held out, and never trained on.`,
  Attempt: (told) => {
    const { top, about, past } = chosen(told);
    return say`Forward pass. After “${past}”, softmax makes probabilities of ${told.text.different} logits: ${about(`${decimal(top[0].chance)} for ${named(top[0].letter)}`, "plus")}, ${decimal(top[1].chance)} for ${named(top[1].letter)}. Causal attention hides all later letters.`;
  },
  Mistake: (told) => {
    const { came, top, about, surprise, chance } = chosen(told);
    return say`The loss of a letter is −ln of the probability of what came: ${about(`${named(came)} had ${decimal(chance, 4)}`, "mistake")}, so ${about(`${short(surprise)} nats`, "mistake")}; ${linked(short(told.scene.surprise), "score", "mistake")} on average in this passage. ${linked(named(top[0].letter), "top0", "plus")} had ${decimal(top[0].chance)}.`;
  },
  Blame: (told) => {
    if (told.letter === null) return wait;
    const { about, surprise } = chosen(told);
    const { place, size } = mostHeard(told.letter);
    return say`Backward pass: the gradient of these ${about(`${short(surprise)} nats`, "mistake")} with respect to the ${sizes.width} features of each earlier letter. Its length is largest at ${linked(named(told.scene.letters[place]), `c${place}`, "blame")}, ${told.at - place} back: ${linked(short(size), `c${place}`, "blame")}.`;
  },
  Adjust: ({ account, scene }) =>
    account === null
      ? wait
      : say`AdamW changes ${thousands(account.knobs)} weights at learning rate ${short(scene.learningRate)}. Predicted change of the loss, Σ g·Δw: ${linked(decimal(-account.promise, 4), "promise", "promise")}, on these ${sizes.batchSize} passages.`,
  Again: ({ account }) =>
    account === null
      ? wait
      : say`The loss on these ${sizes.batchSize} passages went from ${short(account.lossBefore)} to ${short(account.lossAfter)}: ${linked(`paid ${short(account.paid)}`, "paid", account.paid > 0 ? "helped" : "hurt")} of ${linked(`${short(account.promise)} predicted`, "promise", "promise")}; ${thousands(account.helped)} of ${thousands(account.knobs)} weights lowered it. Unexplained: ${unexplainedShare(account)}.`,
};

const mathsWords: Teller = {
  Goal: ({ text }) =>
    say`Minimize L(w) = −(1/BT) Σ ln p(${linked("xₜ₊₁", "goal", "goal")} | x₁…xₜ), with B = ${sizes.batchSize}, T = ${sizes.context}, |alphabet| = ${text.different}, dim w = ${thousands(text.knobs)}.`,
  Attempt: (told) => {
    const { top, about, past } = chosen(told);
    return say`p(· | ${past}) = softmax(W h + b): ${about(`p(${shown(top[0].letter)}) = ${decimal(top[0].chance, 4)}`, "plus")}, p(${shown(top[1].letter)}) = ${decimal(top[1].chance, 4)}. hₜ depends on x₁…xₜ only.`;
  },
  Mistake: (told) => {
    const { came, top, about, past, chance, surprise } = chosen(told);
    return say`−ln p(${about(shown(came), "mistake")} | ${past}) = −ln ${about(decimal(chance, 5), "mistake")} = ${about(decimal(surprise), "mistake")} nats; ${linked(`p(${shown(top[0].letter)}) = ${decimal(top[0].chance)}`, "top0", "plus")}. Mean of the passage: ${linked(decimal(told.scene.surprise), "score", "mistake")}.`;
  },
  Blame: (told) => {
    if (told.letter === null) return wait;
    const { about, surprise } = chosen(told);
    const { place, size } = mostHeard(told.letter);
    const index = place + 1;
    return say`‖∂(${about(decimal(surprise), "mistake")})/∂hᵢ‖₂ for i < ${told.at + 1}, h = E[x] + P: largest at ${linked(`i = ${index} (${shown(told.scene.letters[place])})`, `c${place}`, "blame")}, ${linked(decimal(size), `c${place}`, "blame")}.`;
  },
  Adjust: ({ account, scene }) =>
    account === null
      ? wait
      : say`Δw = −η m̂/(√v̂ + ε) − ηλw with η = ${short(scene.learningRate)}. Predicted: Σ gᵢ Δwᵢ = ${linked(decimal(-account.promise, 5), "promise", "promise")} over ${thousands(account.knobs)} weights.`,
  Again: ({ account }) =>
    account === null
      ? wait
      : say`ΔL = ${decimal(account.lossAfter - account.lossBefore, 5)} = −Σ paidᵢ, Σ paidᵢ = −∫ g dw = ${linked(decimal(account.paid, 5), "paid", account.paid > 0 ? "helped" : "hurt")}; predicted ${linked(decimal(account.promise, 5), "promise", "promise")}. ${account.gradients} gradients; unexplained ${unexplainedShare(account)}.`,
};

/** A text of the model, or of the visitor, without invisible characters. */
export function sampleText(text: string): string {
  return text
    .replaceAll("\t", " ")
    .replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, "·")
    .replace(/\n\n+/g, "\n")
    .replace(/^\n/, "");
}
