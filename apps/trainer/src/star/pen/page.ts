import type { Colors } from "../../terminal/colors.js";
import { sideBySide } from "../../terminal/text.js";
import { nameWidth, stageLines } from "../stages.js";
import { smallestTerminal } from "../story.js";
import type { Try } from "./lesson.js";
import { picture } from "./picture.js";
import { stagesOf } from "./words.js";

export interface PageOptions {
  readonly colors: Colors;
  readonly layout: PageLayout;
  /** The momentum of the lesson's optimizer. */
  readonly momentum: number;
}

/** The layout of a page: the drawing on the left, the story on the right. */
export interface PageLayout {
  readonly canvas: { readonly columns: number; readonly rows: number };
  /** The width of the whole page, in columns. */
  readonly width: number;
}

/** The layout for a terminal of this size. The star is as large as possible while the last page fits below it. */
export function layoutFor({ columns, rows } = smallestTerminal): PageLayout {
  const width = Math.min(columns - 1, 108);
  const canvasRows = Math.max(17, Math.min(rows - 21, Math.floor((width - 46) / 2), 26));
  return { width, canvas: { columns: 2 * canvasRows + 2, rows: canvasRows } };
}

/** The smallest width of the words beside the drawing; in a narrower terminal they are below it. */
const leastWords = 30;

/** Formats a try as a page. */
export function page(attempt: Try, { colors, layout, momentum }: PageOptions): string[] {
  const { canvas, width } = layout;
  const stages = stagesOf(attempt, momentum);
  const drawn = picture(attempt, { ...canvas, withGoal: true }, colors);
  const storyWidth = width - canvas.columns - 2 - nameWidth;
  if (storyWidth < leastWords)
    return ["", ...drawn, "", ...stageLines(stages, width - nameWidth, colors), ""];
  const story = stageLines(stages, storyWidth, colors);
  return ["", ...sideBySide([drawn, story], [canvas.columns, 0]), ""];
}
