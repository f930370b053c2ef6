import type { Page } from "playwright-core";

import { failureScenes } from "../../../playground/failures.js";
import type { PlayLesson } from "./lesson.svelte.js";
import { stages } from "../../stages.js";
import type { Screen } from "../../testing/screen.js";

export const screens: readonly Screen[] = [
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
];

/** Waits until the playground has made all tries that it makes at first, and shows one of them. */
async function playgroundShows(page: Page, number: number): Promise<void> {
  await page.waitForFunction((wanted) => {
    // The page sets it for its tests.
    const { playLesson } = globalThis as unknown as { playLesson?: PlayLesson };
    return playLesson?.present.isDone === true && playLesson.scene?.number === wanted;
  }, number);
}
