import { describe, expect, it } from "vitest";

import { questions, readKept } from "./questions.js";

describe("the five questions", () => {
  it("have an answer that is so, and a stage that shows it", () => {
    expect(questions).toHaveLength(5);
    for (const { choices, so, because } of questions) {
      expect(choices[so]).toBeTypeOf("string");
      expect(because).not.toBe("");
    }
  });

  it("keep answers from before and after", () => {
    const kept = { before: [0, null, 1, 2, 0], after: [1, 2, 0, 1, 2] };
    expect(readKept(JSON.stringify(kept))).toEqual(kept);
    expect(readKept('{"before":"skipped"}')).toEqual({ before: "skipped", after: null });
  });

  it.each([null, "", "null", "7", "{", '{"before":[9,9,9,9,9]}', '{"before":[0],"after":{"length":5}}'])(
    "count what does not fit as nothing: %s",
    (text) => {
      expect(readKept(text)).toEqual({ before: null, after: null });
    },
  );
});
