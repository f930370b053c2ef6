import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { failures } from "../../../../star/brain/failures.js";
import { BrainRun } from "../../../../star/brain/runs.js";
import type { Scene } from "../../../../star/brain/scene.js";
import { usual } from "../../../../star/brain/sizes.js";
import { plainWordsFor } from "../../../../star/brain/words.js";
import { levels } from "../../../../words/levels.js";
import { addressOf } from "../../../address.js";
import { stages } from "../../../stages.js";
import { chromiumPath, openSite, reload, tryShown, type Site } from "../../../testing/browser.js";
import {
  findingsOfAxe,
  noteLongTasks,
  scriptBytes,
  tabTo,
  windows,
  withoutRoom,
} from "../../../testing/checks.js";
import type { BrainLesson } from "./lesson.svelte.js";
import { rowsOf } from "./rows.js";

/** What the page shows to tests. */
type Shown = typeof globalThis & { starLesson: BrainLesson };

describe.skipIf(chromiumPath === null)("the brain on the page", () => {
  let site: Site;
  /** The same run, made by the library in this process. */
  let run: BrainRun;

  beforeAll(async () => {
    site = await openSite();
    run = new BrainRun(usual);
    while (run.end === null) await run.step();
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  const brain = async (query = "", options = {}): Promise<Page> => {
    const page = await site.open(`?lesson=star&rung=brain${query}`, options);
    await page.waitForSelector(".words p");
    return page;
  };
  const made = (page: Page) =>
    page.waitForFunction(() => (globalThis as Shown).starLesson.present.end !== null);
  const goTo = (page: Page, stage: (typeof stages)[number]["id"]) =>
    page.evaluate((id) => {
      (globalThis as Shown).starLesson.goTo(id);
    }, stage);
  /** Waits for what a stage asks the worker for. */
  const settled = (page: Page) =>
    page.waitForFunction(() => {
      const { starLesson } = globalThis as Shown;
      return (
        starLesson.trace !== null &&
        (starLesson.stage !== "again" || starLesson.scene?.step === null || starLesson.path !== null)
      );
    });

  describe("its numbers", () => {
    it("are the library's for every second of 50 tries: knobs, words and rows", async () => {
      const page = await brain("&stage=blame");
      await made(page);
      const wrong: string[] = [];
      for (let number = 1; number <= 50; number++) {
        if (number > 1) await page.keyboard.press("Shift+ArrowRight");
        await tryShown(page, number);
        if (number % 2 === 0) continue;
        const expected = await run.look(number);
        const shown = await page.evaluate(() => {
          const { starLesson } = globalThis as Shown;
          const { knobs, step } = starLesson.scene as Scene;
          return {
            knobs: JSON.stringify(knobs),
            step: JSON.stringify(step),
            words: document.querySelector(".words p")?.textContent,
            numbers: [...document.querySelectorAll(".knobs .number")].map(({ textContent }) => textContent),
          };
        });
        const rows = rowsOf(expected, "blame", expected.mostBlamed.split("-")[1], new Map()).rows;
        if (shown.knobs !== JSON.stringify(expected.knobs)) wrong.push(`the knobs of try ${number}`);
        if (shown.step !== JSON.stringify(expected.step)) wrong.push(`the step of try ${number}`);
        if (shown.words?.trim() !== plainWordsFor(expected, "Blame", "kid"))
          wrong.push(`the words of try ${number}`);
        if (JSON.stringify(shown.numbers) !== JSON.stringify(rows.map((row) => row.number)))
          wrong.push(`the rows of try ${number}`);
      }
      expect(wrong).toEqual([]);
    });

    it("are the same at every level of words", async () => {
      const page = await brain("&stage=mistake&try=30");
      await tryShown(page, 30);
      const scene = await run.look(30);
      for (const { id, name } of stages) {
        await goTo(page, id);
        for (const level of levels) {
          await page.check(`.words input[value=${level}]`, { force: true });
          expect((await page.textContent(".words p"))?.trim()).toBe(plainWordsFor(scene, name, level));
        }
      }
    });

    it("say why an early sheet is blank", async () => {
      const page = await brain("&stage=mistake");
      await settled(page);
      expect(await page.textContent(".depth")).toContain("574 of 784 squares are paper");
      expect(await page.textContent(".depth")).toContain("0.27 everywhere");
    });

    it("trace a blame down to one multiplication, for any square", async () => {
      const page = await brain("&stage=blame&try=30");
      await tryShown(page, 30);
      await page.evaluate(() => {
        const { starLesson } = globalThis as Shown;
        starLesson.choose("a3-b7");
        starLesson.chooseSquare(400);
      });
      await page.waitForFunction(() => (globalThis as Shown).starLesson.trace?.square === 400);
      const { hidden } = await run.trace(30, 400);
      const [a3, b7] = ["a3", "b7"].map((id) => hidden.find((neuron) => neuron.id === id)!);
      const sum = await page.textContent("#why");
      const text = (value: number): string => value.toFixed(4).replace("-", "−");
      expect(sum).toContain(`= ${text(b7.complaint)}`);
      expect(sum).toContain(`= ${text(a3.value * b7.complaint)}`);
    });

    it("can be proved: the measured slopes of all knobs into a neuron are their blames", async () => {
      const page = await brain("&stage=blame");
      await page.selectOption(".choose select", "b4");
      await page.click("text=all into b4");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.proofs.size === 17);
      const proofs = await page.evaluate(() => [...(globalThis as Shown).starLesson.proofs.values()]);
      for (const { slope, blame } of proofs) expect(Math.abs(slope - blame)).toBeLessThan(2e-4);
      expect(await page.locator(".knobs .bar.slope").count()).toBe(17);
      await page.click("text=The ruler as a table");
      await page.waitForSelector(".depth details table tbody tr");
      expect(await page.locator(".depth details table tbody tr").count()).toBe(3);
    });
  });

  describe("a run", () => {
    it("gives the same bytes when a try is looked at again after scrubbing", async () => {
      const page = await brain();
      await made(page);
      for (const number of [200, 3, 117]) {
        const [after, recorded] = await page.evaluate(async (n) => {
          const { starLesson } = globalThis as Shown;
          const { step } = await starLesson.look(n);
          return [step?.fingerprint, await starLesson.recorded(n + 1)];
        }, number);
        expect(after).toBe(recorded);
        expect(after).toBe(await run.recorded(number + 1));
      }
    });

    it("forks from any try with another optimizer", async () => {
      const page = await brain("&try=10");
      await tryShown(page, 10);
      await page.evaluate(() => {
        const { starLesson } = globalThis as Shown;
        starLesson.fork({ ...starLesson.settings, optimizer: "sgd", learningRate: 0.1 });
      });
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.mistakes.length >= 20);
      const forked = new BrainRun({ ...usual, optimizer: "sgd", learningRate: 0.1 }, { run, try: 10 });
      for (let i = 0; i < 20; i++) await forked.step();
      const mistakes = await page.evaluate(() =>
        (globalThis as Shown).starLesson.present.mistakes.slice(0, 20),
      );
      expect(mistakes).toEqual(forked.mistakes);
      await page.click("text=Undo");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.first === 1);
    });

    it("goes on after its worker died", async () => {
      const page = await brain("&try=7&stage=blame");
      await tryShown(page, 7);
      await page.evaluate(() => {
        const { starLesson } = globalThis as Shown;
        starLesson.scene = null;
        starLesson.crash();
      });
      await tryShown(page, 7);
      expect(await page.textContent(".toast")).toContain("started again");
    });
  });

  describe("what can go wrong", () => {
    it.each(failures)("shows why learning stops: $name", async ({ settings, try: number, name }) => {
      const query = addressOf({ lesson: "star", settings, try: number, stage: "blame", level: "kid" });
      const page = await site.open(query);
      await tryShown(page, number);
      const { stop } = (await page.evaluate(() => (globalThis as Shown).starLesson.scene)) as Scene;
      expect(stop!.factor).toBeLessThan(0.02);
      expect(await page.textContent(".words p")).toMatch(/multiplied × 0/);
      expect(await page.textContent(".stopped h2")).toBe(name);
      // The factor is a mark of the picture, on the links.
      await page.locator('.picture [data-mark="stop"]').focus();
      expect(await page.textContent('.picture [data-mark="stop"]')).toContain("is multiplied by 0");
      // The way out leads to a run in which complaints get through.
      await page.click(".stopped button");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.scene?.stop === null);
    });

    it("prints the factor 0.003 of saturated sigmoids", async () => {
      const page = await brain("&optimizer=sgd&activation=sigmoid&start=pushed&stage=blame");
      await page.waitForSelector('.picture [data-mark="slope-1"]', { state: "attached" });
      expect(await page.textContent('.picture [data-mark="slope-1"]')).toContain("multiplied by 0.003");
    });

    it("is listed by each rung, with names of its own", async () => {
      const listed = async (rung: string): Promise<string[]> => {
        const page = await site.open(`?lesson=star${rung}`);
        await page.waitForSelector("#wrong");
        return page.locator("section:has(#wrong) a").allTextContents();
      };
      const [pen, brain] = [await listed(""), await listed("&rung=brain")];
      expect(brain).toEqual(failures.map(({ name }) => name));
      expect(pen).toHaveLength(3);
      expect(new Set([...pen, ...brain]).size).toBe(pen.length + brain.length);
    });
  });

  describe("a link", () => {
    it("says where the page is, and leads back there", async () => {
      const page = await brain("&seed=5&rate=0.2&activation=relu&try=12&stage=blame&words=maths");
      await tryShown(page, 12);
      await page.keyboard.press("Shift+ArrowRight");
      await tryShown(page, 13);
      expect(new URL(page.url()).search).toBe(
        "?lesson=star&rung=brain&seed=5&rate=0.2&activation=relu&try=13&stage=blame&words=maths",
      );
      const words = await page.textContent(".words p");
      await reload(page);
      await tryShown(page, 13);
      expect(await page.textContent(".words p")).toBe(words);
    });

    it("that is hostile is refused with a sentence", async () => {
      const page = await site.open("?lesson=star&rung=brain&activation=<script>&start=1e9");
      const text = await page.textContent("[role=alert]");
      expect(text).toContain("“activation” is “<script>”; expected one of tanh, sigmoid, relu");
      expect(text).toContain("“start” is “1e9”; expected one of usual, zero, pushed");
    });

    it("leads from the end of the pen to the brain", async () => {
      const page = await site.open("?lesson=star&stage=again&try=55");
      await page.click("text=Next: a brain with 337 knobs");
      await page.waitForURL(/rung=brain/);
      await page.waitForSelector(".words p");
      expect(await page.textContent("nav [aria-current=page] >> nth=-1")).toBe("The brain");
    });
  });

  describe("everyone", () => {
    it("can finish the lesson by keyboard alone", async () => {
      const page = await brain();
      const heard: (string | undefined)[] = [];
      for (const { id } of stages) {
        await page.waitForSelector(`main.${id}`);
        heard.push((await page.textContent(".words h1"))?.split(" ")[0]);
        if (id === "mistake") {
          await settled(page);
          await tabTo(page, ".picture [data-mark]");
          const before = await page.evaluate(() => (globalThis as Shown).starLesson.square);
          await page.keyboard.press("ArrowRight");
          expect(await page.evaluate(() => (globalThis as Shown).starLesson.square)).toBe(before + 1);
          await page.evaluate(() => document.querySelector("main")?.focus());
        }
        if (id === "blame") {
          await tabTo(page, "[data-knob]");
          await page.keyboard.press("ArrowDown");
          await page.waitForFunction(() => (globalThis as Shown).starLesson.wiggle !== null);
          await page.keyboard.press("p");
          await page.waitForSelector(".proof");
          await page.keyboard.press("Escape");
        }
        await page.keyboard.press("ArrowRight");
      }
      expect(heard).toEqual(stages.map(({ name }) => name));
      await tryShown(page, 2);
      await made(page);
      await page.keyboard.press("End");
      await tryShown(page, run.last);
      await page.keyboard.press("ArrowLeft");
      await page.waitForSelector("main.again");
      await page.keyboard.press("End");
      await tryShown(page, run.last);
      expect(await page.textContent(".depth")).toContain(`A star at try ${run.last}`);
    });

    it("meets WCAG 2.2 AA by axe on every stage", async () => {
      const found: string[] = [];
      const page = await brain("&try=30", { reducedMotion: "reduce" });
      await tryShown(page, 30);
      for (const { id } of stages) {
        await goTo(page, id);
        await settled(page);
        found.push(...(await findingsOfAxe(page)).map((finding) => `${id}: ${finding}`));
      }
      await page.goto(`${site.plain}?lesson=star&rung=brain&start=zero&stage=blame&try=3`);
      await tryShown(page, 3);
      found.push(...(await findingsOfAxe(page)).map((finding) => `zero: ${finding}`));
      expect(found).toEqual([]);
    });

    it.each(windows)("has room: nothing is cut off at %i × %i", async (width, height) => {
      const page = await brain("&try=30", { viewport: { width, height }, reducedMotion: "reduce" });
      await tryShown(page, 30);
      const wide: string[] = [];
      // The widest words are a student's or in formulas.
      for (const [level, id] of levels.flatMap((one) => stages.map((stage) => [one, stage.id] as const))) {
        await page.evaluate((words) => ((globalThis as Shown).starLesson.level = words), level);
        await goTo(page, id);
        await settled(page);
        wide.push(...(await withoutRoom(page)).map((element) => `${level}, ${id}: ${element}`));
        if (width === 1440 && level === "kid") {
          const bottom = await page.evaluate(
            () => document.querySelector(".track")!.getBoundingClientRect().bottom,
          );
          if (bottom > height) wide.push(`${level}, ${id}: the timeline ends at ${bottom}`);
        }
      }
      expect(wide).toEqual([]);
    });
  });

  describe("its size", () => {
    it("is loaded only by who goes there", async () => {
      const [pen, own] = [
        await scriptBytes(site, "?lesson=star", ".words .num"),
        await scriptBytes(site, "?lesson=star&rung=brain", ".words p"),
      ];
      console.log(
        `The brain: ${(own.page / 1000).toFixed(1)} kB of script, and ${(own.workers / 1000).toFixed(1)} kB in its worker, gzipped; ` +
          `the pen without it: ${(pen.page / 1000).toFixed(1)} kB.`,
      );
      expect(own.page).toBeGreaterThan(pen.page);
      // The page is in more files since its worker starts before it, which compress 1 kB worse.
      expect(own.page).toBeLessThanOrEqual(112_000);
    });

    it("leaves the main thread free while a run is made (printed, not asserted)", async () => {
      const page = await site.open("?lesson=star&rung=brain&rate=0.001&stage=attempt");
      const longTasks = await noteLongTasks(page);
      await page.waitForSelector(".words p");
      const drawn = await page.evaluate(() => performance.now());
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.mistakes.length >= 200);
      const long = await longTasks();
      console.log(
        `The brain's first try was drawn after ${drawn.toFixed(0)} ms; tasks above 50 ms while 200 tries were made: ` +
          `${long}.`,
      );
      expect(await page.locator(".picture canvas").count()).toBe(1);
    });
  });
});
