import { stages } from "../../stages.js";
import type { Screen } from "../../testing/screen.js";

export const screens: readonly Screen[] = [
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
];
