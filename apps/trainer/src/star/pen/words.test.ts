import { describe, expect, it } from "vitest";

import { plain } from "../../words/rich.js";
import type { Adjustment, Knob, Try } from "./lesson.js";
import { PenRun } from "./runs.js";
import { guessWords, stagesOf, wordsFor } from "./words.js";

const attempt = {
  corners: Array.from({ length: 10 }, () => [0, 0] as const),
  misses: [0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.1],
  mistake: 0.1494,
};

function wordsOf(adjustment: Adjustment | null, momentum = 0.9): Record<string, string> {
  const told: Try = { number: 5, attempt, adjustment };
  return Object.fromEntries(stagesOf(told, momentum).map(({ name, words }) => [name, plain(words)]));
}

const knob = (changes: Partial<Knob>): Adjustment => ({
  mostBlamed: { kind: "length", stroke: 6, blame: 0.5, turn: -0.08, ...changes },
  promise: 0.15,
  paid: 0.055,
  unexplained: -0.000001,
  moved: 0.2,
  helped: 16,
  knobs: 20,
});

describe("the words", () => {
  it("describe a try, from its goal to the decrease of the loss", () => {
    expect(wordsOf(knob({}))).toEqual({
      Goal: "Draw the dotted star: 10 strokes, from corner to corner.",
      Attempt: "Try 5. The pen follows its knobs as they are now.",
      Mistake:
        "Corners miss by 15 % of the star's size on average. Worst: corner 9, by 50 %. Mistake score 0.149; 0 is perfect.",
      Blame:
        "Most to blame is stroke 6, from corner 5 to 6: it is too long (blame +0.500: turn it down ▼). Corners 6 to 10 all hang on it.",
      Adjust:
        "Now stroke 6 is shorter by 4.0 % of the star's size. All 20 turns together promise: mistake down by 0.150.",
      Again: "Paid 0.0550 off the mistake, 37 % of the promise; 16 of 20 knobs helped. Unexplained: 0.00 %.",
    });
  });

  it.each([
    [
      { kind: "length", blame: -0.5, turn: 0.08 },
      "it is too short",
      "Now stroke 6 is longer by 4.0 % of the star's size.",
    ],
    [
      { kind: "direction", blame: 0.5, turn: -0.1 },
      "it points too far counter-clockwise",
      "Now stroke 6 is turned 5.7° clockwise.",
    ],
    [
      { kind: "direction", blame: -0.5, turn: 0.1 },
      "it points too far clockwise",
      "Now stroke 6 is turned 5.7° counter-clockwise.",
    ],
    [
      { kind: "length", blame: 0.5, turn: 0.08 },
      "it is too long",
      "Stroke 6 is still rolling, longer by 4.0 % of the star's size for now.",
    ],
  ] as const)("describe the error and the change of the knob %j", (changes, fault, made) => {
    const words = wordsOf(knob(changes));
    expect(words["Blame"]).toContain(fault);
    expect(words["Adjust"]).toContain(made);
  });

  it("describe the first and the last stroke", () => {
    expect(wordsOf(knob({ stroke: 1 }))["Blame"]).toContain("stroke 1, from the top to 1");
    expect(wordsOf(knob({ stroke: 10 }))["Blame"]).toContain("Corner 10 hangs on it.");
  });

  it("compare the promise with the actual decrease", () => {
    const again = (promise: number, paid: number, momentum = 0.9) =>
      wordsOf({ ...knob({}), promise, paid, unexplained: 0.0002 }, momentum)["Again"];
    expect(again(0.1, 0.2)).toBe(
      "Paid 0.200 off the mistake, even more than promised; 16 of 20 knobs helped. Unexplained: 0.10 %.",
    );
    expect(again(-0.1, 0.2)).toBe(
      "Paid 0.200 off the mistake, though the promise was a rise; 16 of 20 knobs helped. Unexplained: 0.10 %.",
    );
    expect(again(0.1, -0.2)).toBe(
      "The mistake grew by 0.200; 16 of 20 knobs helped. We rolled past it. That is momentum. Unexplained: 0.10 %.",
    );
    expect(again(0.1, -0.2, 0)).toContain("The step was too long.");
    expect(wordsOf({ ...knob({}), promise: -0.1 })["Adjust"]).toContain("promise: mistake up by 0.100.");
  });

  it("compare a guess with the blame, and with the slope once it is measured", async () => {
    const run = new PenRun({ seed: 1, learningRate: 0.2, momentum: 0.9 });
    await run.step();
    const scene = await run.look(1);
    const told = (guess: number, slope: number | null): string => plain(guessWords(scene, guess, slope));
    expect(told(5, null)).toBe("You said stroke 5, with at most +0.473 ▼; blame says stroke 3.");
    expect(told(3, -0.7768)).toBe(
      "You said stroke 3, and so does the blame. Wiggling its length says so too: the slope is −0.777.",
    );
  });

  it("write a blame with its sign, and with the way the knob should move", async () => {
    const run = new PenRun({ seed: 1, learningRate: 0.2, momentum: 0.97 });
    while (run.last < 2) await run.step();
    expect(plain(wordsFor(await run.look(1), "Blame", "kid"))).toContain("(blame −0.777: turn it up ▲)");
    // The second try of this run has a promise below zero.
    expect(plain(wordsFor(await run.look(2), "Adjust", "kid"))).toMatch(
      /mistake up by 0\.0292\. The knobs still roll on/,
    );
  });

  it("end with a perfect star", () => {
    expect(Object.keys(wordsOf(null))).toEqual(["Goal", "Attempt", "Mistake", "Again"]);
    expect(wordsOf(null)["Again"]).toContain("a perfect star!");
  });
});
