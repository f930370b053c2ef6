import type { Guess } from "../../../text/live/scene.js";
import { chanceText, named, shown, type Told } from "../../../text/live/words.js";
import { decimal, percent, short, thousands } from "../../../words/numbers.js";
import type { KnobRow } from "../../parts/knob-row.js";
import type { StageId } from "../../stages.js";

/** The list of a stage, at the right. */
export interface List {
  readonly title: string;
  readonly note: string;
  readonly heads: readonly [name: string, value: string, bar: string, number: string];
  readonly rows: readonly KnobRow[];
  readonly isLean: boolean;
}

/** What stands at the right in a stage; null in Goal, and while the numbers are on their way. */
export function rowsOf(told: Told, stage: StageId): List | null {
  if (stage === "attempt" || stage === "mistake") return guesses(told, stage === "mistake");
  if (stage === "blame") return heard(told);
  return stage === "goal" ? null : layers(told, stage === "again");
}

function guesses({ scene, at }: Told, isKnown: boolean): List {
  const { top } = scene.expected[at - 1];
  const came = scene.letters[at];
  const largest = top[0].chance;
  const rows = top.map((guess, i): KnobRow => {
    const isIt = isKnown && guess.letter === came;
    return guessRow(`top${i}`, guess, { largest, isIt });
  });
  if (isKnown && !top.some(({ letter }) => letter === came)) {
    rows.push(guessRow(`c${at}`, scene.expected[at - 1], { largest, isIt: true }));
  }
  return {
    title: `What it expects at letter ${at + 1}`,
    note: isKnown
      ? "Its five best bets, and what came."
      : "Its five best bets. All letters together have 100 %.",
    heads: ["next", "surprise", "chance", ""],
    rows,
    isLean: true,
  };
}

function guessRow(
  id: string,
  { letter, chance, surprise }: Guess,
  { largest, isIt }: { readonly largest: number; readonly isIt: boolean },
): KnobRow {
  return {
    id,
    name: `${shown(letter)}${isIt ? " came" : ""}`,
    value: short(surprise),
    bars: [{ part: chance / largest, kind: isIt ? "mistake" : "plus" }],
    isFromLeft: true,
    number: chanceText(chance),
  };
}

/** So many rows fit. */
const most = 10;

function heard({ scene, at, letter }: Told): List | null {
  if (letter === null) return null;
  const places = [...letter.heard.keys()].sort((a, b) => letter.heard[b] - letter.heard[a]).slice(0, most);
  const largest = letter.heard[places[0]];
  const heads = letter.attention.flat();
  return {
    title: "Who heard about it",
    note: `How much of the blame for ${named(scene.letters[at])} arrived at each earlier letter, and how much a head looked there at most.`,
    heads: ["letter", "looked at", "blame", ""],
    rows: places.map((place) => ({
      id: `c${place}`,
      name: `${shown(scene.letters[place])}, ${at - place} back`,
      value: percent(Math.max(...heads.map((head) => head[place])), 0),
      bars: [{ part: letter.heard[place] / largest, kind: "blame" }],
      isFromLeft: true,
      number: short(letter.heard[place]),
    })),
    isLean: true,
  };
}

function layers({ account }: Told, isPaid: boolean): List | null {
  if (account === null) return null;
  const largest = Math.max(
    ...account.layers.flatMap(({ promise, paid }) => [Math.abs(promise), isPaid ? Math.abs(paid) : 0]),
  );
  return {
    title: isPaid ? "What each layer paid" : "What each layer promises",
    note: isPaid
      ? "Hatched: promised. Solid: paid, on these 8 passages. ▲ helped, ▼ hurt."
      : "Hatched to the right: the mistake goes down, by blame × turn of all its knobs.",
    heads: ["layer", "knobs", isPaid ? "credit" : "promise", isPaid ? "paid" : ""],
    rows: account.layers.map(({ id, name, knobs, promise, paid }) => ({
      id,
      name,
      value: thousands(knobs),
      bars: [
        { part: promise / largest, kind: "promise" as const },
        ...(isPaid
          ? [{ part: paid / largest, kind: paid > 0 ? ("helped" as const) : ("hurt" as const) }]
          : []),
      ],
      isFromLeft: false,
      number: isPaid ? `${paid > 0 ? "▲" : "▼"} ${decimal(Math.abs(paid), 5)}` : decimal(promise, 5),
      ...(isPaid && { tone: paid > 0 ? ("helped" as const) : ("hurt" as const) }),
    })),
    isLean: true,
  };
}
