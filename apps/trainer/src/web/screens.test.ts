import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";

import { failureScenes } from "../playground/failures.js";
import type { PlayLesson } from "./lessons/playground/lesson.svelte.js";
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
    name: `playground-${id}`,
    query: `?lesson=playground&stage=${id}&try=121`,
    ready: (page) => playgroundShows(page, 121),
  })),
  ...failureScenes.map(({ id, try: number }): Screen => ({
    name: `playground-${id}`,
    query: "?lesson=playground",
    ready: async (page) => {
      await playgroundShows(page, 1);
      await page.click(`[data-failure=${id}]`);
      await playgroundShows(page, number);
    },
  })),
  {
    name: "playground-paint",
    query: "?lesson=playground",
    ready: async (page) => {
      await playgroundShows(page, 1);
      await page.click("text=✎ Paint");
    },
  },
  ...stages.map(({ id }): Screen => ({
    name: `text-${id}`,
    query: `?lesson=text&steps=400&try=390&stage=${id}`,
    ready: async (page) => {
      await page.waitForSelector(".picture .passage");
      await page.waitForFunction(
        () => document.body.textContent.includes("of 400") && document.body.textContent.includes("step 390"),
        undefined,
        { timeout: 120_000 },
      );
      if (id === "blame") {
        await page.focus("main");
        await page.keyboard.press("p");
        await page.waitForSelector(".proof");
      } else if (id !== "goal") await page.waitForSelector(".words .num");
      if (id === "adjust" || id === "again") await page.waitForSelector(".knobs .bar.promise");
    },
  })),
  ...(["goal", "mistake", "again"] as const).map((id): Screen => ({
    name: `dashboard-${id}`,
    query: `?lesson=dashboard&stage=${id}&epochs=4`,
    ready: (page) =>
      page.waitForFunction(() => {
        // The page sets it for its tests; the types of a page do not know it.
        const { dashboardLesson } = globalThis as unknown as {
          dashboardLesson?: { present: { end: unknown } | null };
        };
        return dashboardLesson?.present != null && dashboardLesson.present.end !== null;
      }),
  })),
  ...stages.map(({ id }): Screen => ({
    name: `cat-or-dog-${id}`,
    query: `?lesson=cat-or-dog&try=60&stage=${id}`,
    ready: async (page) => {
      await page.waitForFunction(() => document.body.textContent.includes("of 220"));
      await page.waitForFunction(
        () =>
          (globalThis as { catLesson?: { scene: { number: number } | null } }).catLesson?.scene?.number ===
          60,
      );
    },
  })),
  {
    name: "cat-or-dog-own",
    query: "?lesson=cat-or-dog&try=60&stage=blame",
    ready: async (page) => {
      await page.waitForFunction(() => document.body.textContent.includes("of 220"));
      await page.click("text=Your own picture");
      await page.locator(".pad").scrollIntoViewIfNeeded();
      const { x, y, width } = (await page.locator(".pad").boundingBox())!;
      const lines = [
        [0.25, 0.75, 0.25, 0.2, 0.42, 0.38, 0.58, 0.38, 0.75, 0.2, 0.75, 0.75, 0.5, 0.9, 0.25, 0.75],
        [0.4, 0.55, 0.4, 0.58],
        [0.6, 0.55, 0.6, 0.58],
        [0.1, 0.7, 0.4, 0.72],
        [0.9, 0.7, 0.6, 0.72],
      ];
      for (const [startX, startY, ...rest] of lines) {
        await page.mouse.move(x + startX * width, y + startY * width);
        await page.mouse.down();
        for (let i = 0; i < rest.length; i += 2) {
          await page.mouse.move(x + rest[i] * width, y + rest[i + 1] * width, { steps: 3 });
        }
        await page.mouse.up();
      }
      await page.waitForSelector("text=it says");
      await page.waitForFunction(() => document.body.textContent.includes("your picture"));
    },
  },
];

/** Waits until the playground has made all tries that it makes at first, and shows one of them. */
async function playgroundShows(page: Page, number: number): Promise<void> {
  await page.waitForFunction((wanted) => {
    // The page sets it for its tests.
    const { playLesson } = globalThis as unknown as { playLesson?: PlayLesson };
    return playLesson?.present.isDone === true && playLesson.scene?.number === wanted;
  }, number);
}

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
