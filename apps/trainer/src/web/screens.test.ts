import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";

import { stages } from "./stages.js";
import { app } from "../serve/build.js";
import { chromiumPath, openSite, type Site } from "./testing/browser.js";

// `npm run screens` makes a picture of every screen, to be looked at, and the picture of the README.

const folder = process.env["STARGRAD_SCREENS"] ?? "";

/** A screen of the page: its name, its link, and when there is something to look at. */
interface Screen {
  readonly name: string;
  readonly query: string;
  readonly ready: (page: Page) => Promise<unknown>;
}

const screens: readonly Screen[] = [
  {
    name: "home",
    query: "",
    ready: (page) => page.waitForFunction(() => !document.body.textContent.includes("…")),
  },
  ...stages.map(({ id }): Screen => ({
    name: id,
    query: `?lesson=star&stage=${id}`,
    ready: async (page) => {
      await page.waitForSelector(id === "again" ? ".slider" : ".words .num");
      await page.waitForFunction(() => document.body.textContent.includes("of 55"));
    },
  })),
  ...stages.map(({ id }): Screen => ({
    name: `brain-${id}`,
    query: `?lesson=star&rung=brain&try=30&stage=${id}`,
    ready: async (page) => {
      await page.waitForSelector(id === "again" ? ".slider" : ".words p");
      await page.waitForFunction(() => document.body.textContent.includes("of 360"));
    },
  })),
  ...[
    "start=zero&try=3",
    "activation=sigmoid&start=pushed&optimizer=sgd",
    "activation=relu&rate=1&try=60",
  ].map((query, i): Screen => ({
    name: `brain-fails-${i + 1}`,
    query: `?lesson=star&rung=brain&stage=blame&${query}`,
    ready: (page) => page.waitForSelector(".stopped"),
  })),
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
      for (const { name, query, ready } of screens) {
        await page.goto(site.plain + query);
        await ready(page);
        const path = join(folder, `${name}-${width}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: width < 700 });
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
