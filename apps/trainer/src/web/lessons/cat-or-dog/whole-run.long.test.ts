import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { goal } from "../../../cat-or-dog/sizes.js";
import { chromiumPath, openSite, type Site } from "../../testing/browser.js";
import type { CatLesson } from "./lesson.svelte.js";

type Shown = typeof globalThis & { catLesson: CatLesson };

describe.skipIf(chromiumPath === null)("cat or dog, trained on the page", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });

  afterAll(async () => {
    await site.close();
  });

  it.each([1, 2, 3])(
    "is right for 95 % of the held-out drawings, and prints after how many seconds: seed %i",
    async (seed) => {
      const page = await site.open(`?lesson=cat-or-dog&seed=${seed}`);
      await page.waitForFunction(() => (globalThis as Shown).catLesson.present.end !== null, null, {
        timeout: 240_000,
      });
      const seconds = (await page.evaluate(() => performance.now())) / 1000;
      const { end, right, steps } = await page.evaluate(() => {
        const { end, tests, last } = (globalThis as Shown).catLesson.present;
        return { end, right: tests[tests.length - 1].right, steps: last };
      });
      console.log(
        `Seed ${seed}: ${(100 * right).toFixed(1)} % of the held-out drawings after ${steps} steps and ${seconds.toFixed(1)} s since the page was asked for.`,
      );
      expect(end).toEqual({ kind: "perfect" });
      expect(right).toBeGreaterThanOrEqual(goal);
      await page.context().close();
    },
  );
});
