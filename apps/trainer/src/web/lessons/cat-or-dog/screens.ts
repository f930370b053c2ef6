import { stages } from "../../stages.js";
import type { Screen } from "../../testing/screen.js";

export const screens: readonly Screen[] = [
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
      const box = await page.locator(".pad").boundingBox();
      if (box === null) throw new Error("There is nothing to draw on");
      const { x, y, width } = box;
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
