import { beforeAll, describe, expect, it } from "vitest";

import type { Colors } from "../../terminal/colors.js";
import { smallestTerminal } from "../story.js";
import { lesson, type Try } from "./lesson.js";
import { layoutFor, page } from "./page.js";
import { penStory } from "./story.js";

const plain = (text: string): string => text;
const colors: Colors = { bold: plain, dim: plain, gold: plain, purple: plain, teal: plain };
const marked: Colors = { ...colors, purple: (text) => `<${text}>`, gold: (text) => `*${text}*` };

const settings = { seed: 16, tries: 200, learningRate: 0.2, momentum: 0.9 };
const story = penStory(settings);
const tries: Try[] = [];
beforeAll(async () => {
  for await (const attempt of lesson(settings)) {
    tries.push(attempt);
  }
});

describe.each([smallestTerminal, { columns: 100, rows: 40 }, { columns: 300, rows: 100 }])(
  "a page for a terminal of $columns × $rows",
  (terminal) => {
    const options = { colors, layout: layoutFor(terminal), momentum: 0.9 };

    it("fits into the terminal, for every try", () => {
      for (const attempt of tries) {
        const lines = page(attempt, options);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(terminal.columns);
        expect(lines.length).toBeLessThan(terminal.rows);
      }
      const lines = story.lastPage(tries, { colors, ...terminal });
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(terminal.columns);
    });
  },
);

describe.each([40, 60, 79])("a page for a terminal of %i columns", (columns) => {
  it("breaks no line inside of a word", () => {
    const layout = layoutFor({ columns, rows: 24 });
    const lines = page(tries[0], { colors, layout, momentum: 0.9 });
    const last = story.lastPage(tries, { colors, columns, rows: 24 });
    expect(Math.max(...[...lines, ...last].map((line) => line.length))).toBeLessThan(columns);
  });
});

describe("a page", () => {
  const options = { colors: marked, layout: layoutFor(), momentum: 0.9 };

  it("shows the goal's numbered corners, the drawing, and the stroke with the largest gradient", () => {
    const text = page(tries[0], options).join("\n");
    expect(text).toMatch(/[⠀-⣿]/);
    expect(text).toMatch(/<[⠀-⣿]+>/);
    for (const corner of [2, 4, 6, 8, 10]) expect(text).toContain(` ${corner} `);
    expect(text).not.toContain("*");
  });

  it("is golden when the star is perfect", () => {
    const text = page(tries[tries.length - 1], options).join("\n");
    expect(text).toMatch(/\*[⠀-⣿]+\*/);
    expect(text).not.toContain("<");
  });
});

describe("the last page", () => {
  it("summarizes the lesson, from the first try to the last", () => {
    const text = story.lastPage(tries, { colors, ...smallestTerminal }).join("\n");
    expect(text).toContain(`★ A perfect star after ${tries.length} tries`);
    expect(text).toContain("try 1 ");
    expect(text).toContain(`try ${tries.length}`);
    expect(text).toMatch(/█.*▁/);
    expect(text).toContain("back-propagation");
  });
});
