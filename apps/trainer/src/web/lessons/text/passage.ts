import type { Account, Letter, Scene } from "../../../text/live/scene.js";
import { chanceText, named, shown } from "../../../text/live/words.js";
import { short, signed } from "../../../words/numbers.js";
import type { StageId } from "../../stages.js";

/** A letter of the passage as it is drawn in a stage. */
export interface Cell {
  readonly place: number;
  readonly mark: string;
  /** What stands in the cell; empty if the model cannot see it. */
  readonly glyph: string;
  readonly label: string;
  /** The size of its bar, from −1 to 1; a negative one hangs down. */
  readonly bar: number;
  readonly look: "plain" | "mistake" | "blame" | "ghost" | "helped" | "hurt" | "guess" | "hidden";
  readonly isChosen: boolean;
}

/** A full bar stands for so many nats, in every step. */
export const fullBar = 6;

interface Shown {
  readonly scene: Scene;
  readonly at: number;
  readonly letter: Letter | null;
  readonly account: Account | null;
}

/** The cells of a passage, word by word: a line is broken after a space or a new line. */
export function wordsOf(told: Shown, stage: StageId): Cell[][] {
  const words: Cell[][] = [[]];
  told.scene.letters.forEach((letter, place) => {
    words[words.length - 1].push(cellOf(told, stage, place));
    if (/^\s$/.test(letter)) words.push([]);
  });
  return words.filter((word) => word.length > 0);
}

function cellOf({ scene, at, letter, account }: Shown, stage: StageId, place: number): Cell {
  const came = scene.letters[place];
  const cell = { place, mark: `c${place}`, glyph: glyphOf(came), isChosen: place === at };
  const expected = place === 0 ? null : scene.expected[place - 1];
  const surprise = expected === null ? "" : `, surprise ${short(expected.surprise)}`;
  const plain: Cell = { ...cell, label: `${named(came)}${surprise}`, bar: 0, look: "plain" };
  if (expected === null && stage !== "blame") return { ...plain, label: `${named(came)}, not guessed` };
  const height = Math.min(1, (expected?.surprise ?? 0) / fullBar);
  if (stage === "attempt" && place > at)
    return { ...plain, glyph: "", label: "not seen yet", look: "hidden" };
  if (stage === "attempt" && place === at) {
    const [first] = scene.expected[at - 1].top;
    const label = `it bets on ${named(first.letter)}, ${chanceText(first.chance)}`;
    return { ...plain, glyph: glyphOf(first.letter), label, look: "guess" };
  }
  if (stage === "mistake") return { ...plain, bar: height, look: "mistake" };
  if (stage === "blame") {
    if (place === at) return { ...plain, bar: height, look: "mistake" };
    const heard = letter?.heard[place] ?? 0;
    if (place > at || letter === null) return plain;
    const label = `${named(came)}, ${at - place} back: gradient ${short(heard)}`;
    return { ...plain, label, bar: heard / Math.max(...letter.heard), look: "blame" };
  }
  if (stage === "adjust") return { ...plain, bar: height, look: "ghost" };
  if (stage === "again" && account !== null && expected !== null) {
    const change = account.changes[place - 1];
    const { largestChange } = account;
    const label = `${named(came)}, surprise ${short(expected.surprise)}, after the step ${short(account.after[place - 1])}, ${signed(change)}`;
    return {
      ...plain,
      label,
      bar: largestChange === 0 ? 0 : -change / largestChange,
      look: change <= 0 ? "helped" : "hurt",
    };
  }
  return plain;
}

function glyphOf(letter: string): string {
  return letter === " " ? "\u00a0" : shown(letter);
}
