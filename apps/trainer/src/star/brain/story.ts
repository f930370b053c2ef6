import { percent } from "../../words/numbers.js";
import { lastPage } from "../last-page.js";
import type { Story } from "../story.js";
import { goal, lesson, type LessonOptions, type Try } from "./lesson.js";
import { page } from "./page.js";
import { smallPicture } from "./picture.js";

const moral =
  "Nobody told the brain what a star is. After each try every wrong square complained, the complaints were traced " +
  "back through three layers to the 337 knobs, and every knob was turned a little. " +
  "Large networks learn in the same way, with more knobs.";

/** The second star lesson: a neural network with 337 knobs. */
export function brainStory(options: LessonOptions): Story<Try> {
  return {
    tries: () => lesson(options),
    page: (attempt, { colors, columns }) => page(attempt, { colors, width: widthFor(columns) }),
    lastPage: (tries, { colors, columns }) => {
      const { right } = tries[tries.length - 1].attempt;
      return lastPage(tries, {
        colors,
        width: widthFor(columns),
        headline: `★ A star after ${tries.length} tries: ${right} of ${goal.length} squares are right.`,
        picture: (attempt) => smallPicture(attempt, colors),
        caption: ({ attempt }) => `${percent(attempt.right / goal.length, 0)} right`,
        moral,
        next: "From another start: npm run -s train -- star --brain --seed 7",
      });
    },
    figures: ({ mistake, right }) => ({ mistake, pixelsRight: right / goal.length }),
    outcome: ({ right }) => ({ pixelsRight: right / goal.length }),
  };
}

/** The width of a page. It is limited because long lines are hard to read. */
function widthFor(columns: number): number {
  return Math.min(columns - 1, 108);
}
