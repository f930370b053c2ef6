import type { Colors } from "../../terminal/colors.js";
import { sideBySide } from "../../terminal/text.js";
import { nameWidth, stageLines } from "../stages.js";
import { size, type Try } from "./lesson.js";
import { goalPicture, picture } from "./picture.js";
import { stagesOf } from "./words.js";

/** Formats a try as a page of `width` columns: the goal and the attempt above, the story below. */
export function page(attempt: Try, { colors, width }: { colors: Colors; width: number }): string[] {
  const titled = (title: string, lines: string[]): string[] => [colors.bold(title.padEnd(size)), ...lines];
  const margin = " ".repeat(nameWidth);
  const [goal, drawn] = [titled("Goal", goalPicture(colors)), titled("Attempt", picture(attempt, colors))];
  const fits = width >= 2 * (nameWidth + size);
  return [
    ...(fits
      ? sideBySide([[margin], goal, [margin], drawn], [nameWidth, size, nameWidth, size])
      : [...goal, "", ...drawn]),
    "",
    ...stageLines(stagesOf(attempt), width - nameWidth, colors),
    "",
  ];
}
