import type { Colors } from "../terminal/colors.js";
import { short, sideBySide, sparkline, wrap } from "../terminal/text.js";
import type { AnyTry } from "./story.js";

/** How large the pictures are that tell the story in small. */
export const thumbnail = { columns: 14, rows: 7 };

export interface LastPageOptions<Try extends AnyTry> {
  readonly colors: Colors;
  readonly width: number;
  readonly headline: string;
  /** A try in small. */
  readonly picture: (attempt: Try) => string[];
  /** How good it was, in few words. */
  readonly caption: (attempt: Try) => string;
  /** What it was all about. */
  readonly moral: string;
  /** What else there is to see. */
  readonly next: string;
}

/** How it began, how it went on, and what it was all about. */
export function lastPage<Try extends AnyTry>(tries: readonly Try[], options: LastPageOptions<Try>): string[] {
  const { colors, width, headline, moral, next } = options;
  const mistakes = tries.map(({ attempt }) => attempt.mistake);
  const frames = milestones(tries.length).map((number) => frame(tries[number - 1], options));
  return [
    colors.bold(colors.gold(headline)),
    "",
    ...sideBySide(
      frames,
      frames.map(() => thumbnail.columns),
    ),
    "",
    `mistake  ${short(mistakes[0])} ${colors.teal(sparkline(thinned(mistakes, 48)))} ${short(mistakes[mistakes.length - 1])}`,
    "",
    ...wrap(moral, width),
    "",
    colors.dim(next),
  ];
}

/** A try in small, with its number and how good it was. */
function frame<Try extends AnyTry>(
  attempt: Try,
  { colors, picture, caption }: LastPageOptions<Try>,
): string[] {
  return [...picture(attempt), centred(`try ${attempt.number}`), colors.dim(centred(caption(attempt)))];
}

/** Five tries that tell the story. Most happens early, so each is as many times later than the one before. */
function milestones(count: number): number[] {
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((power) => Math.round(count ** power)))];
}

/** At most `count` of the values, evenly spaced, from the first to the last. */
function thinned(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  const step = (values.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => values[Math.round(i * step)]);
}

function centred(text: string): string {
  const before = Math.floor((thumbnail.columns - text.length) / 2);
  return text.padStart(text.length + before).padEnd(thumbnail.columns);
}
