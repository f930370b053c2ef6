import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { PenSettings } from "../star/pen/training.js";
import { addressOf, addressOfLesson, readAddress, type Place } from "./address.js";
import { lessonIds } from "./lessons/links.js";
import { usual } from "./lessons/star/link.js";

const refusalOf = (query: string): string => {
  const read = readAddress(query);
  return "refused" in read ? read.refused.join(" ") : "";
};

describe("a link", () => {
  it("is short where everything is as usual", () => {
    const place: Place<PenSettings> = {
      lesson: "star",
      settings: usual,
      try: 1,
      stage: "goal",
      level: "kid",
    };
    expect(addressOf(place)).toBe("?lesson=star");
    expect(readAddress("")).toEqual({ place: { ...place, lesson: null, settings: null } });
    expect(lessonIds.map((id) => addressOfLesson(id))).toEqual(lessonIds.map((id) => `?lesson=${id}`));
  });

  it("leads back to the place it was made from", () => {
    const corner = fc.integer({ min: -2000, max: 2000 }).map((thousandths) => thousandths / 1000);
    const places = fc.record({
      lesson: fc.constant("star" as const),
      settings: fc.record(
        {
          seed: fc.nat(4294967295),
          learningRate: fc.integer({ min: 1, max: 100000 }).map((n) => n / 1000),
          momentum: fc.integer({ min: 0, max: 999 }).map((n) => n / 1000),
          goal: fc.array(fc.tuple(corner, corner), { minLength: 10, maxLength: 10 }),
        },
        { requiredKeys: ["seed", "learningRate", "momentum"] },
      ),
      try: fc.integer({ min: 1, max: 100000 }),
      stage: fc.constantFrom("goal" as const, "blame" as const, "again" as const),
      level: fc.constantFrom("kid" as const, "student" as const, "maths" as const),
    });
    fc.assert(
      fc.property(places, (place) => {
        const back = readAddress(addressOf(place));
        // JSON has one zero: a corner at −0 is at 0.
        expect(JSON.parse(JSON.stringify(back))).toEqual(JSON.parse(JSON.stringify({ place })));
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ["seed=abc", "“seed” is “abc”; expected a whole number from 0 to 4294967295"],
    ["seed=4294967296", "expected a whole number from 0 to 4294967295"],
    ["seed=", "“seed” is “”; expected a whole number"],
    ["rate=1e9", "“rate” is “1e9”; expected a learning rate"],
    ["rate=-1", "“rate” is “-1”; expected a learning rate"],
    ["momentum=NaN", "“momentum” is “NaN”; expected a momentum from 0 to 0.999"],
    ["momentum=1", "expected a momentum from 0 to 0.999"],
    ["try=0", "“try” is “0”; expected a whole number from 1"],
    ["goal=1,2,3", "“goal” is “1,2,3”; expected 20 numbers"],
    [`goal=${Array<number>(20).fill(9).join(",")}`, "expected 20 numbers from −2 to 2"],
    ["?lesson=../../etc/passwd", "“lesson” is “../../etc/passwd”; expected one of star"],
    ["__proto__=x", "“__proto__”, which this page does not know"],
    ["onload=alert(1)", "“onload”, which this page does not know"],
    ["seed=1&seed=2", "says “seed” twice"],
    ["words=<b>", "“words” is “<b>”; expected one of kid, student, maths"],
  ])("that is hostile is refused with a sentence: %s", (query, sentence) => {
    expect(refusalOf(query.startsWith("?") ? query : `?lesson=star&${query}`)).toContain(sentence);
  });

  it.each([
    ["drawing=0", "“drawing” is “0”; expected a whole number from 1 to 500"],
    ["rate=2", "“rate” is “2”; expected a learning rate from 0.00001 to 1"],
    ["momentum=0.9", "“momentum”, which this page does not know"],
  ])("to a cat or a dog is refused as well: %s", (query, sentence) => {
    expect(refusalOf(`?lesson=cat-or-dog&${query}`)).toContain(sentence);
    expect(readAddress("?lesson=cat-or-dog&drawing=12&try=3")).toMatchObject({
      place: { settings: { drawing: 11 }, try: 3 },
    });
  });

  it.each([
    ["rung=brain&momentum=0.5", "“momentum”, which the brain does not have"],
    [`rung=brain&goal=${Array<number>(20).fill(1).join(",")}`, "“goal”, which the brain does not have"],
    ["optimizer=adam", "“optimizer”, which the pen does not have"],
    ["rung=pen&start=zero&activation=relu", "“activation”, which the pen does not have"],
  ])("with a field of the other rung is refused, and not read in part: %s", (query, sentence) => {
    expect(refusalOf(`?lesson=star&${query}`)).toContain(sentence);
    expect(readAddress("?lesson=star&rung=brain&optimizer=sgd&start=zero")).toHaveProperty("place");
  });

  it("that is very long is not read", () => {
    expect(refusalOf(`?seed=${"9".repeat(3000)}`)).toBe(
      "This link has 3006 characters; at most 2000 are read.",
    );
    expect(refusalOf(`?lesson=star&seed=${"9".repeat(300)}`)).toContain(`“${"9".repeat(40)}…”`);
  });
});
