import { percent } from "../../words/numbers.js";
import { lastPage, thumbnail } from "../last-page.js";
import type { Story } from "../story.js";
import { lesson, type LessonOptions, type Try } from "./lesson.js";
import { layoutFor, page } from "./page.js";
import { picture } from "./picture.js";
import { tolerance } from "./sizes.js";

const moral =
  "Nobody told the pen how to draw a star. After each try it measured its mistake, traced it back " +
  "to the 20 knobs that caused it, and turned every knob a little the other way. " +
  "That is back-propagation: how neural networks learn.";

/** The first star lesson: a pen with 20 knobs. */
export function penStory(options: LessonOptions): Story<Try> {
  return {
    tries: () => lesson(options),
    page: (attempt, { colors, ...terminal }) =>
      page(attempt, { colors, layout: layoutFor(terminal), momentum: options.momentum }),
    lastPage: (tries, { colors, ...terminal }) =>
      lastPage(tries, {
        colors,
        width: layoutFor(terminal).width,
        headline: `★ A perfect star after ${tries.length} tries: every corner within ${percent(tolerance, 0)} of its size.`,
        picture: (attempt) => picture(attempt, thumbnail, colors),
        caption: ({ attempt }) => `misses ${percent(average(attempt.misses))}`,
        moral,
        next: "From another start: npm run -s train -- star --seed 7. Next: star --brain",
      }),
    figures: ({ mistake, misses }) => {
      const cornerMiss = Math.max(...misses);
      return { mistake, cornerMiss, worstCorner: misses.indexOf(cornerMiss) + 1 };
    },
    outcome: ({ misses }) => ({ cornerMiss: Math.max(...misses) }),
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
