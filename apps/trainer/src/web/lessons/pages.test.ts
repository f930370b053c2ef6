import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PenRun } from "../../star/pen/runs.js";
import { plainWordsFor } from "../../star/pen/words.js";
import { stages } from "../stages.js";
import { chromiumPath, openSite, type Site } from "../testing/browser.js";
import { cutOff, findingsOfAxe } from "../testing/checks.js";
import { lessons } from "./index.js";
import { usual } from "./star/link.js";

// Whether each lesson opens and can be walked through, in a real browser. All that they promise is tested by their `page.long.test.ts`.

/** Settings with which a lesson has something to show soon. */
const quick: Record<string, string> = { dashboard: "&epochs=1&model=linear", text: "&steps=30" };

describe.skipIf(chromiumPath === null)("the page", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });

  afterAll(async () => {
    await site.close();
  });

  it("lists its lessons on the home page", async () => {
    const page = await site.open("");
    for (const { id } of lessons) await page.waitForSelector(`a[href*="lesson=${id}"]`);
    // The first thing to press leads to the goal, with its five questions, and not past it.
    expect(await page.getAttribute(".hero .button--main", "href")).toBe("?lesson=star");
    expect(await findingsOfAxe(page)).toEqual([]);
    await page.context().close();
  });

  it.each(lessons)(
    "opens $name, and leads through its six stages by the arrow keys",
    async ({ id, name }) => {
      const page = await site.open(`?lesson=${id}&stage=goal${quick[id] ?? ""}`);
      for (const [i, stage] of stages.entries()) {
        await page.waitForSelector(`main.${stage.id}`);
        // Something was computed by the library, and says so.
        await page.waitForFunction(() => /\d/.test(document.querySelector("main")?.textContent ?? ""));
        expect(await cutOff(page)).toEqual([]);
        if (i < stages.length - 1) await page.keyboard.press("ArrowRight");
      }
      expect(await page.title()).toContain(name);
      expect(await page.locator("[role=alert]").count()).toBe(0);
      expect(await findingsOfAxe(page)).toEqual([]);
      await page.context().close();
    },
  );

  it("shows the numbers of the library", async () => {
    const page = await site.open("?lesson=star&stage=blame&try=3");
    const run = new PenRun(usual);
    while (run.end === null) await run.step();
    const expected = plainWordsFor(await run.look(3), "Blame", "kid");
    await page.waitForFunction(
      (text) => document.querySelector(".words p")?.textContent.trim() === text,
      expected,
    );
    await page.context().close();
  });
});
