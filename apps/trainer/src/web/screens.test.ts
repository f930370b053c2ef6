import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, it } from "vitest";

import { stages } from "./stages.js";
import { app } from "../serve/build.js";
import { chromiumPath, openSite, type Site } from "./testing/browser.js";

// `npm run screens` makes a picture of every screen, to be looked at, and the picture of the README.

const folder = process.env["STARGRAD_SCREENS"] ?? "";

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
      const picture = (name: string): Promise<Buffer> =>
        page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: width < 700 });
      await page.waitForFunction(() => !document.body.textContent.includes("…"));
      await picture("home");
      for (const { id } of stages) {
        await page.goto(`${site.plain}?lesson=star&stage=${id}`);
        await page.waitForSelector(id === "again" ? ".slider" : ".words .num");
        await page.waitForFunction(() => document.body.textContent.includes("of 55"));
        await picture(id);
      }
    },
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
