import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { PenRun } from "../../../star/pen/runs.js";
import type { Scene } from "../../../star/pen/scene.js";
import { guessWords, plainWordsFor } from "../../../star/pen/words.js";
import { levels } from "../../../words/levels.js";
import { short } from "../../../words/numbers.js";
import { plain } from "../../../words/rich.js";
import type { StarLesson } from "./lesson.svelte.js";
import { usual } from "./link.js";
import { rowsOf } from "./rows.js";
import { stages } from "../../stages.js";
import { chromiumPath, openSite, reload, tryShown, type Site } from "../../testing/browser.js";
import {
  findingsOfAxe,
  noteLongTasks,
  scriptBytes,
  tabTo,
  windows,
  withoutRoom,
} from "../../testing/checks.js";
import { differences } from "../../testing/differences.js";

// The page as it is published, in a real browser. One browser and one build for all tests.

/** What the page shows to tests. */
type Shown = typeof globalThis & { starLesson: StarLesson };

describe.skipIf(chromiumPath === null)("the page", () => {
  let site: Site;
  /** The same run, made by the library in this process. */
  let run: PenRun;

  beforeAll(async () => {
    site = await openSite();
    run = new PenRun(usual);
    while (run.end === null) await run.step();
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  const star = async (query = "", options = {}): Promise<Page> => {
    const page = await site.open(`?lesson=star${query}`, options);
    await page.waitForSelector(".words .num");
    return page;
  };
  const sceneAt = (page: Page, number: number): Promise<Scene> =>
    page.evaluate((wanted) => (globalThis as Shown).starLesson.look(wanted), number);

  describe("its numbers", () => {
    it("are the library's for 50 tries: words, rows and sums", async () => {
      const page = await star("&stage=again");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.end !== null);
      const wrong: string[] = [];
      for (let number = 1; number <= 50; number++) {
        if (number > 1) await page.keyboard.press("Shift+ArrowRight");
        await tryShown(page, number);
        const expected = await run.look(number);
        const shown = await page.evaluate(() => ({
          scene: (globalThis as Shown).starLesson.scene,
          words: document.querySelector(".words p")?.textContent,
          numbers: [...document.querySelectorAll(".knobs .number")].map(({ textContent }) => textContent),
        }));
        const rows = rowsOf(expected, "again", new Map()).rows.map((row) => row.number);
        wrong.push(
          ...differences(shown.scene, JSON.parse(JSON.stringify(expected)), `the scene of try ${number}`),
        );
        if (shown.words?.trim() !== plainWordsFor(expected, "Again", "kid"))
          wrong.push(`the words of try ${number}`);
        if (JSON.stringify(shown.numbers) !== JSON.stringify(rows)) wrong.push(`the rows of try ${number}`);
      }
      expect(wrong).toEqual([]);
    });

    it("are the same at every level of words", async () => {
      const page = await star("&stage=mistake&try=3");
      await tryShown(page, 3);
      const scene = await run.look(3);
      for (const { id, name } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).starLesson.goTo(stage);
        }, id);
        for (const level of levels) {
          await page.check(`.words input[value=${level}]`, { force: true });
          expect((await page.textContent(".words p"))?.trim()).toBe(plainWordsFor(scene, name, level));
        }
      }
    });

    it("add up: what all knobs paid is the change of the mistake", async () => {
      const page = await star();
      for (const number of [1, 2, 17, 50]) {
        const { attempt, step, adjustment, knobs } = await sceneAt(page, number);
        const paid = step!.turns.reduce((sum, turn) => sum + turn.paid, 0);
        expect(step!.turns).toHaveLength(knobs.length);
        expect(paid).toBeCloseTo(adjustment!.paid, 12);
        expect(Math.abs(attempt.mistake - step!.after.mistake - paid)).toBeLessThanOrEqual(
          0.001 * adjustment!.moved,
        );
      }
    });

    it("follow the chain rule: notes add up to piles, and piles make the blame of both knobs", async () => {
      const { notes, piles, knobs } = await run.look(1);
      for (const [i, { sum, alongPart, acrossPart }] of piles.entries()) {
        for (const axis of [0, 1] as const) {
          expect(sum[axis]).toBeCloseTo(
            notes.slice(i).reduce((total, note) => total + note[axis], 0),
            5,
          );
        }
        const [direction, length] = [knobs[2 * i], knobs[2 * i + 1]];
        expect(-length.blame).toBeCloseTo(alongPart, 5);
        expect(-direction.blame).toBeCloseTo(acrossPart * length.now, 5);
      }
    });

    it("can be proved: the measured slope of every knob is its blame", async () => {
      const page = await star("&stage=blame");
      await page.click("text=all 20");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.proofs.size === 20);
      const proofs = await page.evaluate(() => [...(globalThis as Shown).starLesson.proofs.values()]);
      for (const { slope, blame } of proofs) expect(Math.abs(slope - blame)).toBeLessThan(2e-4);
      expect(await page.locator(".knobs .bar.slope").count()).toBe(20);
      expect(await page.locator(".proof mark").first().textContent()).toMatch(/^−0\.777/);
    });

    it("count the steps of the walk back, with sums that are used again and without", async () => {
      const page = await star("&stage=blame", { reducedMotion: "reduce" });
      const label = page.locator(".depth label").first();
      expect(await label.textContent()).toContain("10 steps, not 55");
      await label.locator("input").uncheck();
      expect(await label.textContent()).toContain("55 steps, not 10");
    });

    it("say what was paid on any part of the way", async () => {
      const page = await star("&stage=again");
      await page.waitForSelector(".slider input");
      const { total } = await run.path(1);
      for (const until of [0, 7, 20]) {
        await page.fill(".slider input", `${until}`);
        expect(await page.textContent(".slider b")).toBe(short(total[until]));
      }
      await page.click("text=The way as a table");
      // A table is made when it is opened.
      const rows = page.locator(".depth table tbody tr");
      await rows.last().waitFor();
      expect(await rows.count()).toBe(21);
    });

    it("have a table behind every chart", async () => {
      const page = await star("&stage=blame", { reducedMotion: "reduce" });
      for (const { id } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).starLesson.goTo(stage);
        }, id);
        if (id === "again") await page.waitForSelector(".slider");
        const bare = await page
          .locator(".depth .panel:has(canvas)")
          .evaluateAll((panels) =>
            panels
              .filter((panel) => panel.querySelector("details") === null)
              .map((panel) => panel.textContent),
          );
        // Both panels of Again are about one way, which has one table.
        expect(id === "again" ? bare.slice(1) : bare).toEqual([]);
      }
    });

    it("follow a knob that is wiggled by the arrow keys", async () => {
      const page = await star("&stage=blame");
      await page.focus('[data-knob="l3"]');
      for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowUp");
      await page.waitForFunction(() => ((globalThis as Shown).starLesson.wiggle?.by ?? 0) > 0.025);
      const by = await page.evaluate(() => (globalThis as Shown).starLesson.wiggle!.by);
      const expected = await run.wiggle(1, "l3", by);
      expect(await page.evaluate(() => (globalThis as Shown).starLesson.wiggle!.attempt)).toEqual(expected);
      expect(await page.textContent(".depth")).toContain(expected.mistake.toFixed(4));
    });
  });

  describe("a run", () => {
    it("gives the same bytes when a try is looked at again after scrubbing", async () => {
      const page = await star();
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.last === 55);
      for (const number of [40, 3, 17, 1, 54]) {
        const { step } = await sceneAt(page, number);
        const recorded = await page.evaluate((n) => (globalThis as Shown).starLesson.recorded(n), number + 1);
        expect(step!.fingerprint).toBe(recorded);
      }
      await page.focus(".timeline input");
      await page.keyboard.press("End");
      await tryShown(page, 55);
      await page.keyboard.press("Home");
      await tryShown(page, 1);
      const shown = await page.evaluate(() => (globalThis as Shown).starLesson.scene);
      expect(differences(shown, JSON.parse(JSON.stringify(await run.look(1))))).toEqual([]);
    });

    it("forks from any try, and both curves are there", async () => {
      const page = await star("&try=10");
      await tryShown(page, 10);
      await page.focus("main");
      await page.keyboard.press("f");
      await page.fill("dialog[open] input >> nth=1", "0");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.runs.length === 2);
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.end !== null);
      const forked = new PenRun({ ...usual, momentum: 0 }, { run, try: 10 });
      while (forked.end === null) await forked.step();
      expect(await page.evaluate(() => [...(globalThis as Shown).starLesson.present.mistakes])).toEqual(
        forked.mistakes,
      );
      await page.click("text=Undo");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.first === 1);
    });

    it("plays to its perfect end, and stops there", async () => {
      const page = await star("&stage=attempt");
      await page.selectOption(".timeline select", "max");
      await page.focus("main");
      await page.keyboard.press("Space");
      expect(await page.textContent(".timeline .button--main")).toContain("Pause");
      await tryShown(page, 55);
      await page.waitForFunction(() => !(globalThis as Shown).starLesson.player.isPlaying);
    });

    it("can be stopped and made try by try", async () => {
      const page = await star();
      // In one go: a fast machine makes 1,000 tries before a button is pressed.
      await page.evaluate(() => {
        const { starLesson } = globalThis as Shown;
        starLesson.begin({ seed: 1, learningRate: 0.001, momentum: 0 });
        starLesson.pause();
      });
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.mistakes.length > 0);
      const count = () => page.evaluate(() => (globalThis as Shown).starLesson.present.mistakes.length);
      let [before, now] = [-1, await count()];
      // What was on its way arrives first.
      while (before !== now) {
        await page.waitForTimeout(150);
        [before, now] = [now, await count()];
      }
      expect(now).toBeLessThan(1000);
      await page.keyboard.press("End");
      await tryShown(page, now);
      await page.keyboard.press("Shift+ArrowRight");
      await tryShown(page, now + 1);
      await page.click("text=Train on");
      await page.waitForSelector(".failed");
      expect(await page.textContent(".failed")).toContain("not perfect after 1000 tries");
    });

    it("that is too fast says so in a sentence, and offers a way out", async () => {
      const page = await star("&rate=50");
      await page.waitForSelector(".failed");
      expect(await page.textContent(".failed")).toContain("The learning rate 50 is too large; try 0.2.");
      await page.click(".failed button");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.end?.kind === "perfect");
    });

    it("goes on after its worker died", async () => {
      const page = await star("&try=7&stage=blame");
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

  describe("a goal of one's own", () => {
    it("is dragged, draws a run of its own, and is in the link", async () => {
      const page = await star();
      const tip = await page.evaluate(() => (globalThis as Shown).starLesson.scene!.goal[9]);
      expect(tip[1]).toBeCloseTo(1);
      await page.focus('.picture [data-mark="c10"]');
      await page.keyboard.press("ArrowUp");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.settings.goal !== undefined);
      expect(await page.evaluate(() => (globalThis as Shown).starLesson.settings.goal![9][1])).toBeCloseTo(
        1.05,
      );
      const before = page.url();
      expect(before).toContain("goal=");
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.end !== null);
      const box = (await page.locator(".picture canvas").boundingBox())!;
      const at = await page.getAttribute('.picture [data-mark="c5"]', "data-at");
      const [x, y] = at!.split(" ").map(Number);
      const found = [box.x + x, box.y + y] as const;
      await page.mouse.move(...found);
      await page.mouse.down();
      await page.mouse.move(found[0] + 40, found[1] + 30, { steps: 3 });
      await page.mouse.up();
      await page.waitForFunction(() => (globalThis as Shown).starLesson.settings.goal![4][0] > 0.1);
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.end?.kind === "perfect");
    });
  });

  describe("the five questions", () => {
    it("come before and after, stay on this machine, and show both answers with what is so", async () => {
      const page = await star();
      await page.click("text=Guess");
      const first = page.locator("dialog[open] fieldset").first();
      await first.locator("input").first().check();
      await page.click("text=Keep these");
      expect(await page.textContent(".five")).toContain("on this machine only");
      await page.goto(`${site.plain}?lesson=star&stage=again&try=55`);
      await tryShown(page, 55);
      await page.locator(".five button").first().click();
      await page.locator("dialog[open] fieldset").first().locator("input").nth(1).check();
      await page.click("text=Keep these");
      const told = await page.locator("dialog[open] li").first().textContent();
      expect(told).toContain("Before: Where the corners are. After: Nothing: only its own knobs.");
      expect(await page.locator("dialog[open] li").count()).toBe(5);
      expect(await findingsOfAxe(page)).toEqual([]);
      await page.locator("dialog[open] li a").first().click();
      await page.waitForSelector("main.attempt");
    });

    it("can be skipped, and work where storage is forbidden", async () => {
      const page = await site.open("?lesson=star", {
        onPage: (empty) => {
          void empty.addInitScript(() => {
            Object.defineProperty(globalThis, "localStorage", {
              get: () => {
                throw new DOMException("forbidden", "SecurityError");
              },
            });
          });
        },
      });
      await page.waitForSelector(".five");
      await page.click(".five >> text=Skip");
      expect(await page.textContent(".five")).toContain("Skipped.");
    });
  });

  describe("a link", () => {
    it("says where the page is, and leads back there", async () => {
      const page = await star("&seed=7&momentum=0.5&try=12&stage=blame&words=maths");
      await tryShown(page, 12);
      await page.keyboard.press("Shift+ArrowRight");
      await tryShown(page, 13);
      const link = new URL(page.url());
      expect(link.search).toBe("?lesson=star&seed=7&momentum=0.5&try=13&stage=blame&words=maths");
      const words = await page.textContent(".words p");
      await reload(page);
      await tryShown(page, 13);
      expect(await page.textContent(".words p")).toBe(words);
    });

    it("that is hostile is refused with a sentence, and nothing of it is run", async () => {
      const page = await site.open("?lesson=star&stage=<img src=x onerror=alert(1)>&onload=alert(1)");
      const alert = page.locator("[role=alert]");
      expect(await alert.textContent()).toContain(
        "“stage” is “<img src=x onerror=alert(1)>”; expected one of goal",
      );
      expect(await alert.textContent()).toContain("“onload”, which this page does not know");
      expect(await page.locator("img").count()).toBe(0);
      expect(await alert.locator("a").getAttribute("href")).toBe("?lesson=star");
    });

    it("to a try that the run has not got leads to its last one, and says so", async () => {
      const page = await star("&try=500");
      await tryShown(page, 55);
      expect(await page.textContent(".toast")).toContain("ends at try 55");
    });
  });

  describe("everyone", () => {
    it("can finish the lesson by keyboard alone", async () => {
      const page = await star();
      const present = () => page.textContent(".words h1");
      const heard: (string | null)[] = [];
      for (const { id } of stages) {
        await page.waitForSelector(`main.${id}`);
        heard.push(await present());
        if (id === "mistake") await answerByKeyboard(page);
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
      expect(heard.map((text) => text?.split(" ")[0])).toEqual(stages.map(({ name }) => name));
      await tryShown(page, 2);
      await page.keyboard.press("End");
      await tryShown(page, 55);
      await page.keyboard.press("ArrowLeft");
      await page.waitForSelector("main.again");
      await page.keyboard.press("End");
      await tryShown(page, 55);
      expect(await page.textContent(".depth")).toContain("Perfect at try 55");
      await page.keyboard.press("?");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Escape");
      expect(await page.locator("dialog[open]").count()).toBe(0);
    });

    async function answerByKeyboard(page: Page): Promise<void> {
      await tabTo(page, ".question button");
      await page.keyboard.press("Enter");
      expect(await page.evaluate(() => (globalThis as Shown).starLesson.guess)).toBe(1);
      // The guess stays on the picture of the blame.
      await page.keyboard.press("ArrowRight");
      await page.waitForSelector("main.blame");
      expect(await page.textContent(".picture figcaption")).toContain("your guess");
      const compared = guessWords(await run.look(1), 1, null);
      expect((await page.textContent(".guess p"))?.trim()).toBe(plain(compared));
      await page.keyboard.press("ArrowLeft");
      await page.waitForSelector("main.mistake");
    }

    it("lights a number and its mark together, by pointer and by focus", async () => {
      const page = await star("&stage=blame", { reducedMotion: "reduce" });
      const number = page.locator('.words [data-mark="l3"]').first();
      const knob = page.locator('[data-knob="l3"]');
      await number.hover();
      expect(await knob.getAttribute("class")).toContain("is-lit");
      await page.mouse.move(0, 0);
      await knob.focus();
      expect(await number.getAttribute("class")).toContain("is-lit");
      await page.locator('.picture [data-mark="c9"]').focus();
      expect(await page.evaluate(() => (globalThis as Shown).starLesson.lit)).toBe("c9");
      await number.click();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("why");
    });

    it("meets WCAG 2.2 AA by axe on every screen", async () => {
      const found: string[] = [];
      const examine = async (page: Page, name: string): Promise<void> => {
        const results = await findingsOfAxe(page);
        found.push(...results.map((result) => `${name}: ${result}`));
      };
      const page = await star("", { reducedMotion: "reduce" });
      for (const { id } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).starLesson.goTo(stage);
        }, id);
        if (id === "again") await page.waitForSelector(".slider");
        await examine(page, id);
      }
      await page.goto(site.plain);
      await page.waitForFunction(() => !document.body.textContent.includes("…"));
      await examine(page, "home");
      await page.goto(`${site.plain}?lesson=none`);
      await examine(page, "refused");
      expect(found).toEqual([]);
    });

    it("sees pictures that stand still under reduced motion, and the try in six", async () => {
      const page = await star("&stage=blame", { reducedMotion: "reduce" });
      expect(await page.locator(".picture .is-still").count()).toBe(1);
      expect(await page.locator(".six li").count()).toBe(6);
      const moving = await star("&stage=blame");
      expect(await moving.locator(".six").count()).toBe(0);
    });

    it("has a try on paper: six pictures in a row, without controls", async () => {
      const page = await star("&try=2");
      await page.emulateMedia({ media: "print" });
      await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
      await page.waitForSelector(".six canvas");
      const tops = await page
        .locator(".six canvas")
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
      expect(tops).toEqual(Array(6).fill(tops[0]));
      expect(await page.locator(".timeline").isVisible()).toBe(false);
    });

    it.each(windows)("has room: nothing is cut off at %i × %i", async (width, height) => {
      const page = await star("", { viewport: { width, height }, reducedMotion: "reduce" });
      const wide: string[] = [];
      for (const [level, id] of levels.flatMap((one) => stages.map((stage) => [one, stage.id] as const))) {
        await page.evaluate(
          ([words, stage]) => {
            const { starLesson } = globalThis as Shown;
            starLesson.level = words;
            starLesson.goTo(stage);
          },
          [level, id] as const,
        );
        if (id === "again") await page.waitForSelector(".slider");
        const over = await withoutRoom(page);
        wide.push(...over.map((element) => `${level}, ${id}: ${element}`));
        if (width === 1440) {
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
    it("is at most 100 kB for the star and 110 kB for its worker, gzipped", async () => {
      const { page, workers } = await scriptBytes(site, "?lesson=star", ".words .num");
      console.log(
        `The star: ${(page / 1000).toFixed(1)} kB of script, and ${(workers / 1000).toFixed(1)} kB in its worker, gzipped.`,
      );
      expect(page).toBeGreaterThan(10_000);
      expect(page).toBeLessThanOrEqual(100_000);
      expect(workers).toBeGreaterThan(10_000);
      expect(workers).toBeLessThanOrEqual(110_000);
    });

    it.each([true, false])(
      "comes from its own host alone, with isolation headers or without: %s",
      async (isolated) => {
        const page = await site.open("", { isolated });
        const hosts = new Set<string>();
        page.on("request", (request) => hosts.add(new URL(request.url()).host));
        await page.goto(`${isolated ? site.isolated : site.plain}?lesson=star`);
        await page.waitForSelector(".words .num");
        expect([...hosts]).toEqual([new URL(page.url()).host]);
        expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(isolated);
      },
    );

    it("leaves the main thread free while a run is made (printed, not asserted)", async () => {
      const page = await site.open("?lesson=star&rate=0.01&momentum=0&stage=attempt");
      const longTasks = await noteLongTasks(page);
      await page.waitForSelector(".words .num");
      const drawn = await page.evaluate(() => performance.now());
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable");
      const script = async (): Promise<number> => {
        const { metrics } = await session.send("Performance.getMetrics");
        return metrics.find(({ name }) => name === "ScriptDuration")!.value;
      };
      const before = await script();
      await page.waitForFunction(() => (globalThis as Shown).starLesson.present.mistakes.length >= 300);
      const tries = await page.evaluate(() => (globalThis as Shown).starLesson.present.mistakes.length);
      const spent = (await script()) - before;
      const long = await longTasks();
      console.log(
        `The first try was drawn ${drawn.toFixed(0)} ms after the page was asked for. ${tries} tries took the main thread ` +
          `${(1000 * spent).toFixed(0)} ms of script; tasks above 50 ms: ${long}.`,
      );
      expect(tries).toBeGreaterThanOrEqual(300);
    });
  });
});
