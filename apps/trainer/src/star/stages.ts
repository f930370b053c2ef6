import type { Colors } from "../terminal/colors.js";
import { wrap } from "../terminal/text.js";
import { plain, type Rich } from "../words/rich.js";

/** One stage of a try, described in words. */
export interface Stage {
  readonly name: "Goal" | "Attempt" | "Mistake" | "Blame" | "Adjust" | "Again";
  readonly words: Rich;
}

/** The width of the column of stage names, to the left of the words. */
export const nameWidth = 9;

/** Formats stages one below the other, with their words wrapped to lines of at most `width` characters. */
export function stageLines(stages: readonly Stage[], width: number, colors: Colors): string[] {
  return stages.flatMap(({ name, words }) =>
    wrap(plain(words), width).map((line, i) => {
      return colors.bold(colors.teal((i === 0 ? name : "").padEnd(nameWidth))) + line;
    }),
  );
}
