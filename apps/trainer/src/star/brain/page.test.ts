import { beforeAll, describe, expect, it } from "vitest";

import type { Colors } from "../../terminal/colors.js";
import { smallestTerminal } from "../story.js";
import { plain as textOf } from "../../words/rich.js";
import { goal, lesson, type Attempt, type Try } from "./lesson.js";
import { brainStory } from "./story.js";
import { stagesOf } from "./words.js";

const plain = (text: string): string => text;
const colors: Colors = { bold: plain, dim: plain, gold: plain, purple: plain, teal: plain };
const marked: Colors = { ...colors, purple: (text) => `<${text}>`, gold: (text) => `*${text}*` };

const settings = { seed: 2, tries: 1000, learningRate: 0.02 };
const story = brainStory(settings);
const tries: Try[] = [];
beforeAll(async () => {
  for await (const attempt of lesson(settings)) tries.push(attempt);
});

describe.each([smallestTerminal, { columns: 100, rows: 40 }, { columns: 50, rows: 60 }])(
  "a page for a terminal of $columns × $rows",
  (terminal) => {
    it("fits into the terminal, for every try", () => {
      for (const attempt of tries) {
        const lines = story.page(attempt, { colors, ...terminal });
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(terminal.columns);
        expect(lines.length).toBeLessThan(terminal.rows);
      }
      const lines = story.lastPage(tries, { colors, ...terminal });
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(terminal.columns);
    });
  },
);

describe("a page", () => {
  it("shows wrong ink in purple, and the finished star in gold", () => {
    const pageOf = (attempt: Try) => story.page(attempt, { colors: marked, ...smallestTerminal }).join("\n");
    expect(pageOf(tries[100])).toMatch(/<█>/);
    expect(pageOf(tries[tries.length - 1])).toMatch(/\*█\*/);
  });

  it("is followed by a last page that summarizes the lesson", () => {
    const text = story.lastPage(tries, { colors, ...smallestTerminal }).join("\n");
    expect(text).toContain(`★ A star after ${tries.length} tries: 777 of 784 squares are right.`);
    expect(text).toMatch(/⣿⣿⣿/);
    expect(text).toMatch(/█.*▁/);
  });
});

describe("the words", () => {
  const credit = { promise: 0.003, paid: 0.002, unexplained: 0, moved: 0.01, helped: 200, knobs: 337 };
  const wordsOf = (attempt: Attempt, adjustment: Try["adjustment"]) =>
    Object.fromEntries(
      stagesOf({ number: 7, attempt, adjustment }).map(({ name, words }) => [name, textOf(words)]),
    );
  const drawn = { ink: goal, right: 784, mistake: 0.02 };

  it("describe a try with its numbers", () => {
    expect(wordsOf(drawn, credit)).toEqual({
      Attempt: "Try 7. “Is there ink?” Asked 784 times, once for each little square.",
      Mistake: "784 squares are right, 100.0 %. Mistake score 0.0200.",
      Adjust: "All 337 turns together promise: mistake down by 0.00300.",
      Again:
        "Paid 0.00200 off the mistake, 67 % of the promise; 200 of 337 knobs helped. Unexplained: 0.00 %.",
    });
    expect(wordsOf(drawn, null)["Again"]).toContain("that is a star!");
  });

  it("explain a blank sheet", () => {
    const blank = { ink: goal.map(() => false), right: 574, mistake: 0.2 };
    expect(wordsOf(blank, credit)["Mistake"]).toContain(
      "574 squares are right, 73.2 %, on a blank sheet: most of it is paper",
    );
  });

  it("name the cause when a try increased the loss", () => {
    const worse = { ...credit, paid: -0.001 };
    expect(wordsOf(drawn, worse)["Again"]).toContain("The step was too long.");
    expect(wordsOf(drawn, { ...worse, promise: -0.002 })["Again"]).toContain("That is momentum.");
  });
});
