import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { chromiumPath, openSite, type Site } from "../../testing/browser.js";
import type { TextLesson } from "./lesson.svelte.js";

// The whole run of the page as it usually is, from scratch, in a real browser.

type Shown = typeof globalThis & { textLesson: TextLesson };

describe.skipIf(chromiumPath === null)("the text lesson, trained to its end", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });

  afterAll(async () => {
    await site.close();
  });

  it("writes words that are in its text, and knows the held-out text better than pairs of letters do", async () => {
    const page = await site.open("?lesson=text");
    await page.waitForFunction(() => (globalThis as Shown).textLesson.present.end !== null, undefined, {
      timeout: 1_500_000,
    });
    const { reports, facts } = await page.evaluate(() => {
      const { present, facts: text } = (globalThis as Shown).textLesson;
      return { reports: [...present.reports], facts: text! };
    });
    const readable = reports.find(({ known, words }) => known >= 0.8 * words && words > 0);
    const last = reports[reports.length - 1];
    console.log(
      `Four of five words are in the text after ${readable?.steps ?? "no"} steps and ${readable?.seconds.toFixed(0) ?? "no"} s; ` +
        `after ${last.steps} steps and ${last.seconds.toFixed(0)} s, ${last.known} of ${last.words}, ` +
        `held-out surprise ${last.heldOut.toFixed(3)} (pairs of letters ${facts.bigramLoss.toFixed(3)}). It wrote: ${last.sample}`,
    );
    // Before it has learned anything, hardly a word is one.
    expect(reports[0].known / Math.max(1, reports[0].words)).toBeLessThan(0.2);
    const late = reports.slice(-4);
    const share =
      late.reduce((sum, { known }) => sum + known, 0) / late.reduce((sum, { words }) => sum + words, 0);
    expect(share).toBeGreaterThan(0.8);
    expect(last.heldOut).toBeLessThan(facts.bigramLoss / 2);
  });
});
