import type { Scene } from "../../star/pen/scene.js";
import type { Surface, XY } from "../canvas/surface.js";
import type { LessonId } from "../lessons/links.js";
import { thumbnail } from "../lessons/star/figures/pictures.js";
import type { CardData } from "./messages.js";

// A small picture of each lesson, drawn from data: the last try of the run above, drawings, points, a curve, a sentence.

/** What the pictures are drawn from; null while it is on its way. */
export interface CardSources {
  readonly scene: Scene | null;
  readonly mistakes: readonly number[];
  readonly data: CardData | null;
}

export const cardPictures: Readonly<Record<LessonId, (surface: Surface, from: CardSources) => void>> = {
  star: (surface, { scene }) => {
    if (scene !== null) thumbnail(surface, scene);
  },
  "cat-or-dog": (surface, { data }) => {
    if (data === null) return;
    const side = Math.min(surface.height - 4, surface.width / 2 - 8);
    const left = surface.width / 2 - side - 4;
    [data.cat, data.dog].forEach((ink, i) => {
      surface.ink([left + i * (side + 8), 2], side, ink, "ink");
    });
  },
  playground: (surface, { data }) => {
    if (data === null) return;
    const { width, height } = surface;
    const scale = height / 2 - 7;
    for (const { at, arm } of data.points) {
      const place: XY = [width / 2 + scale * at[0], height / 2 - scale * at[1]];
      if (arm === 0) surface.dot(place, 3, "plus");
      else surface.dot(place, 2.5, "surface", "minus", 1.5);
    }
  },
  dashboard: (surface, { mistakes }) => {
    if (mistakes.length < 2) return;
    const { width, height } = surface;
    const logs = mistakes.map(Math.log);
    const [low, high] = [Math.min(...logs), Math.max(...logs)];
    const at = (i: number): XY => [
      6 + (i * (width - 12)) / (logs.length - 1),
      6 + ((high - logs[i]) * (height - 12)) / (high - low || 1),
    ];
    surface.path([[6, height - 3], [width - 6, height - 3]], "line", { width: 1 }); // prettier-ignore
    surface.path(
      logs.map((_, i) => at(i)),
      "attempt",
    );
  },
  text: (surface, { data }) => {
    if (data === null) return;
    const { width, height } = surface;
    const most = Math.max(...data.surprises);
    const columns = 20;
    const step = Math.min(15, (width - 10) / columns);
    const letters = Array.from(data.text);
    // In two lines; the bar below a letter is its surprise.
    const lines = [letters.slice(0, columns), letters.slice(columns)];
    lines.forEach((line, row) => {
      line.forEach((letter, i) => {
        const x = (width - step * columns) / 2 + (i + 0.5) * step;
        const y = height * (row === 0 ? 0.22 : 0.68);
        const tall = (14 * data.surprises[row * columns + i]) / most;
        surface.text([x, y], letter, "ink", { size: 13 });
        surface.path([[x, y + 10], [x, y + 10 + tall]], "blame", { width: 5, cap: "butt" }); // prettier-ignore
      });
    });
  },
};

/** What each picture shows, for a reader of the screen. */
export const cardLabels: Readonly<Record<LessonId, string>> = {
  star: "The star that the pen drew in its last try",
  "cat-or-dog": "A line drawing of a cat, and one of a dog",
  playground: "Points on two spirals, filled and open",
  dashboard: "The mistake of the pen's run, falling from try to try",
  text: "A sentence; a bar below each letter says how surprising it is after the one before",
};
