import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { screens as catOrDog } from "./lessons/cat-or-dog/screens.js";
import { screens as dashboard } from "./lessons/dashboard/screens.js";
import { screens as playground } from "./lessons/playground/screens.js";
import { screens as star } from "./lessons/star/screens.js";
import { screens as text } from "./lessons/text/screens.js";
import { app } from "../serve/build.js";
import { chromiumPath, openSite, type Site } from "./testing/browser.js";
import { withoutRoom } from "./testing/checks.js";
import type { Screen } from "./testing/screen.js";

// `npm run screens` makes a picture of every screen, to be looked at, and the picture of the README.

const folder = process.env["STARGRAD_SCREENS"] ?? "";

const screens: readonly Screen[] = [
  {
    name: "home",
    query: "",
    ready: (page) => page.waitForFunction(() => !document.body.textContent.includes("…")),
  },
  ...star,
  ...catOrDog,
  ...playground,
  ...dashboard,
  ...text,
];

const sizes = [
  [1440, 900],
  [768, 1024],
  [320, 640],
] as const;

describe.skipIf(chromiumPath === null || folder === "")("the screens", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
    mkdirSync(folder, { recursive: true });
  });

  afterAll(async () => {
    await site.close();
  });

  it.each(sizes.flatMap((size) => (["light", "dark"] as const).map((theme) => [...size, theme] as const)))(
    "at %i × %i, %s",
    async (width, height, colorScheme) => {
      const page = await site.open("", { viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
      const faults: string[] = [];
      for (const { name, query, ready } of screens) {
        await page.goto(site.plain + query);
        await ready(page);
        const path = join(folder, `${name}-${width}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: width < 700 });
        faults.push(...(await withoutRoom(page)).map((fault) => `${name}: ${fault}`));
      }
      expect(faults).toEqual([]);
    },
    3_600_000,
  );

  it("makes the picture of the README", async () => {
    const page = await site.open("?lesson=star&stage=blame", { reducedMotion: "reduce" });
    await page.waitForSelector(".words .num");
    await page.waitForFunction(() => document.body.textContent.includes("of 55"));
    const bottom = await page.evaluate(
      () => document.querySelector(".track")!.getBoundingClientRect().bottom,
    );
    const clip = { x: 0, y: 0, width: 1440, height: Math.ceil(bottom) + 10 };
    await page.screenshot({ path: join(app, "screens/star-blame.png"), clip });
  });
});
