import type { Colors } from "../terminal/colors.js";
import { sideBySide, sparkline, wrap } from "../terminal/text.js";
import { short } from "../words/numbers.js";
import type { AnyTry } from "./story.js";

/** The size of the small pictures. */
export const thumbnail = { columns: 14, rows: 7 };

export interface LastPageOptions<Try extends AnyTry> {
  readonly colors: Colors;
  readonly width: number;
  readonly headline: string;
  /** The small picture of a try. */
  readonly picture: (attempt: Try) => string[];
  /** The quality of a try, in a few words. */
  readonly caption: (attempt: Try) => string;
  /** The summary of the lesson. */
  readonly moral: string;
  /** What to run next. */
  readonly next: string;
}

/** The last page of a lesson: small pictures of some tries, the curve of the loss, and the summary. */
export function lastPage<Try extends AnyTry>(tries: readonly Try[], options: LastPageOptions<Try>): string[] {
  const { colors, width, headline, moral, next } = options;
  const mistakes = tries.map(({ attempt }) => attempt.mistake);
  const frames = milestones(tries.length, Math.floor((width + 2) / (thumbnail.columns + 2))).map((number) =>
    frame(tries[number - 1], options),
  );
  return [
    ...wrap(headline, width).map((line) => colors.bold(colors.gold(line))),
    "",
    ...sideBySide(
      frames,
      frames.map(() => thumbnail.columns),
    ),
    "",
    `mistake  ${short(mistakes[0])} ${colors.teal(sparkline(thinned(mistakes, Math.min(48, width - 24))))} ${short(mistakes[mistakes.length - 1])}`,
    "",
    ...wrap(moral, width),
    "",
    ...wrap(next, width).map((line) => colors.dim(line)),
  ];
}

/** The small picture of a try, with its number and its caption. */
function frame<Try extends AnyTry>(
  attempt: Try,
  { colors, picture, caption }: LastPageOptions<Try>,
): string[] {
  return [...picture(attempt), centred(`try ${attempt.number}`), colors.dim(centred(caption(attempt)))];
}

/** Selects at most five tries, spaced geometrically because most changes happen early. */
function milestones(count: number, most: number): number[] {
  const last = Math.max(1, Math.min(5, most) - 1);
  const powers = Array.from({ length: last + 1 }, (_, i) => i / last);
  return [...new Set(powers.map((power) => Math.round(count ** power)))];
}

/** Selects at most `count` values, evenly spaced, including the first and the last. */
function thinned(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  const step = (values.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => values[Math.round(i * step)]);
}

function centred(text: string): string {
  const before = Math.floor((thumbnail.columns - text.length) / 2);
  return text.padStart(text.length + before).padEnd(thumbnail.columns);
}
