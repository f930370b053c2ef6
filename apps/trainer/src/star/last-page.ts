import { percent, short, sideBySide, sparkline, wrap } from "../terminal/text.js";
import { tolerance, type Try } from "./lesson.js";
import type { PageOptions } from "./page.js";
import { picture } from "./picture.js";

const thumbnail = { columns: 14, rows: 7 };

/** How it began, how it went on, and what it was all about. */
export function lastPage(tries: readonly Try[], { colors, layout }: PageOptions): string[] {
  const last = tries[tries.length - 1];
  const mistakes = tries.map(({ attempt }) => attempt.mistake);
  const headline = `★ A perfect star after ${last.number} tries: every corner within ${percent(tolerance, 0)} of its size.`;
  const moral =
    "Nobody told the pen how to draw a star. After each try it measured its mistake, traced it back " +
    "to the 20 knobs that caused it, and turned every knob a little the other way. " +
    "That is back-propagation: how neural networks learn.";
  const frames = milestones(tries.length).map((number) => frame(tries[number - 1], colors));
  return [
    colors.bold(colors.gold(headline)),
    "",
    ...sideBySide(
      frames,
      frames.map(() => thumbnail.columns),
    ),
    "",
    `mistake  ${short(mistakes[0])} ${colors.teal(sparkline(thinned(mistakes, 48)))} ${short(last.attempt.mistake)}`,
    "",
    ...wrap(moral, layout.width),
    "",
    colors.dim("From another start: npm run -s train -- star --seed 7"),
  ];
}

/** A try in small, with its number and how far it missed. */
function frame({ number, attempt, adjustment }: Try, colors: PageOptions["colors"]): string[] {
  const miss = attempt.misses.reduce((sum, value) => sum + value, 0) / attempt.misses.length;
  return [
    ...picture({ number, attempt, adjustment }, thumbnail, colors),
    centred(`try ${number}`),
    colors.dim(centred(`misses ${percent(miss)}`)),
  ];
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
