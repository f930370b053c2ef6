import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { talesOf } from "../../../text/tales.js";
import { TextRun } from "../../../text/live/runs.js";
import { sizes, usualSettings } from "../../../text/live/sizes.js";
import { wordsFor } from "../../../text/live/words.js";
import { passagesOf } from "../../../text/passages.js";
import { levels } from "../../../words/levels.js";
import { plain } from "../../../words/rich.js";
import { stages } from "../../stages.js";
import { chromiumPath, openSite, reload, type Site } from "../../testing/browser.js";
import {
  findingsOfAxe,
  noteLongTasks,
  scriptBytes,
  tabTo,
  windows,
  withoutRoom,
} from "../../testing/checks.js";
import { differences } from "../../testing/differences.js";
import type { TextLesson } from "./lesson.svelte.js";
import { rowsOf } from "./rows.js";

// The page as it is published, in a real browser. One browser for all tests, and short runs.

/** What the page shows to tests. */
type Shown = typeof globalThis & { textLesson: TextLesson };

const settings = { ...usualSettings, steps: 30 };
const short = "&steps=30";

describe.skipIf(chromiumPath === null)("the page of the text lesson", () => {
  let site: Site;
  /** The same run, made by the library in this process. */
  let run: TextRun;

  beforeAll(async () => {
    site = await openSite();
    run = new TextRun(passagesOf(talesOf(), "tiny tales", { context: sizes.context }), settings);
    await run.open();
    while (run.end === null) await run.step();
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  const open = async (query = short, options = {}): Promise<Page> => {
    const page = await site.open(`?lesson=text${query}`, options);
    await page.waitForSelector(".picture .passage");
    return page;
  };
  const ended = (page: Page) =>
    page.waitForFunction(() => (globalThis as Shown).textLesson.present.end !== null);
  const stepShown = (page: Page, number: number) =>
    page.waitForFunction((wanted) => (globalThis as Shown).textLesson.scene?.number === wanted, number, {
      polling: 20,
    });
  /** Goes to a stage and waits for all that it shows. */
  const show = async (page: Page, stage: string): Promise<void> => {
    await page.evaluate((id) => {
      (globalThis as Shown).textLesson.goTo(id as never);
    }, stage);
    await page.waitForSelector(`main.${stage}`);
    if (stage === "blame") await page.waitForSelector(".depth canvas");
    if (stage === "adjust" || stage === "again") await page.waitForSelector(".knobs .bar.promise");
  };
  const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  describe("its numbers", () => {
    it("are the library's: losses, texts, words and rows at every level and stage", async () => {
      const page = await open();
      await ended(page);
      const { losses, reports, facts } = await page.evaluate(() => {
        const { present, facts: text } = (globalThis as Shown).textLesson;
        return { losses: [...present.mistakes], reports: [...present.reports], facts: text! };
      });
      expect(losses).toEqual(run.losses);
      const measured = ({ seconds: _, ...report }: (typeof reports)[number]) => report;
      expect(reports.map(measured)).toEqual(run.reports.map(measured));
      expect(facts).toMatchObject(run.passages.baselines);
      await page.evaluate(() => {
        (globalThis as Shown).textLesson.moveTo(17);
      });
      await stepShown(page, 17);
      const scene = await run.look(17, "read");
      const at = scene.worst;
      const letter = await run.letter({ try: 17, kind: "read", at });
      const account = await run.account(17, "read");
      for (const { id, name } of stages) {
        await show(page, id);
        const told = { scene, at, letter, account, text: facts };
        for (const level of levels) {
          await page.check(`.words input[value=${level}]`, { force: true });
          expect((await page.textContent(".words p"))?.trim()).toBe(plain(wordsFor(told, name, level)));
        }
        const rows = rowsOf(told, id)?.rows.map(({ number }) => number) ?? [];
        expect(await page.locator(".knobs .number").allTextContents()).toEqual(rows);
      }
      const shown = await page.evaluate(() => {
        const { scene: present, account: paid } = (globalThis as Shown).textLesson;
        return { scene: present, account: paid };
      });
      expect(differences(shown, json({ scene, account }))).toEqual([]);
      expect(await page.textContent("[data-unexplained]")).toMatch(/^0\.0\d %$/);
    });

    it("add up: what the layers paid is the change of the mistake", async () => {
      const page = await open();
      await ended(page);
      for (const number of [1, 9, 30]) {
        const account = await page.evaluate((n) => (globalThis as Shown).textLesson.accountOf(n), number);
        expect(account.lossBefore).toBe(run.losses[number - 1]);
        const paid = account.layers.reduce((sum, layer) => sum + layer.paid, 0);
        expect(Math.abs(account.lossBefore - account.lossAfter - paid)).toBeLessThanOrEqual(
          0.001 * account.moved,
        );
      }
    });

    it("can be proved: the measured slope of the most blamed number is its blame", async () => {
      const page = await open(`${short}&stage=blame&try=20`);
      await stepShown(page, 20);
      await page.click("text=Prove it");
      await page.waitForSelector(".proof");
      const { slope, blame } = await page.evaluate(() => (globalThis as Shown).textLesson.proof!);
      expect(Math.abs(slope - blame)).toBeLessThan(0.01 * Math.abs(blame) + 1e-3);
      expect(Math.abs(blame)).toBeGreaterThan(0.01);
      // By hand, with the arrow keys on a letter: against the blame, the surprise falls.
      await page.focus(".passage [aria-pressed=true]");
      await page.keyboard.press(blame < 0 ? "ArrowUp" : "ArrowDown");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.wiggle !== null);
      const [turned, was] = await page.evaluate(() => {
        const { wiggle, scene, at } = (globalThis as Shown).textLesson;
        return [wiggle!.surprise, scene!.expected[at - 1].surprise];
      });
      expect(turned).toBeLessThan(was);
      expect(await page.textContent("main.blame")).toContain("the surprise is");
    });

    it("follow the letter that is chosen, by pointer and by arrow keys", async () => {
      const page = await open(`${short}&stage=mistake&try=30`);
      await stepShown(page, 30);
      await page.click('.passage [data-mark="c20"]');
      const scene = await run.look(30, "read");
      const told = { scene, at: 20, letter: null, account: null };
      const text = await page.evaluate(() => (globalThis as Shown).textLesson.facts!);
      expect((await page.textContent(".words p"))?.trim()).toBe(
        plain(wordsFor({ ...told, text }, "Mistake", "kid")),
      );
      await page.keyboard.press("ArrowRight");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("data-mark"))).toBe("c21");
      expect(await page.evaluate(() => (globalThis as Shown).textLesson.at)).toBe(21);
      // The arrow belongs to the passage here, not to the stages.
      expect(await page.textContent(".words h1")).toContain("Mistake");
    });
  });

  describe("a run", () => {
    it("gives the same bytes when its steps are made again after scrubbing", async () => {
      const page = await open();
      await ended(page);
      for (const number of [26, 3, 26]) {
        const { fingerprint, recorded } = await page.evaluate(async (n) => {
          const { textLesson: lesson } = globalThis as Shown;
          return { ...(await lesson.replay(n)), recorded: await lesson.recorded(n) };
        }, number);
        if (number === 26) expect(fingerprint).toBe(recorded);
        expect(fingerprint).toBe((await run.replay(number)).fingerprint);
      }
      await page.focus(".timeline input");
      await page.keyboard.press("End");
      await stepShown(page, 30);
      await page.keyboard.press("Home");
      await stepShown(page, 1);
      const scene = await page.evaluate(() => (globalThis as Shown).textLesson.scene);
      expect(differences(scene, json(await run.look(1, "read")))).toEqual([]);
    });

    it("forks from any step with another learning rate, and both curves are there", async () => {
      const page = await open(`${short}&try=10`);
      await stepShown(page, 10);
      await ended(page);
      await page.focus("main");
      await page.keyboard.press("f");
      await page.fill("dialog[open] input", "0.0005");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.present.first === 10);
      await ended(page);
      const forked = new TextRun(run.passages, { ...settings, learningRate: 0.0005 }, { run, try: 10 });
      while (forked.end === null) await forked.step();
      const losses = await page.evaluate(() => [...(globalThis as Shown).textLesson.present.mistakes]);
      expect(losses).toEqual(forked.losses);
      expect(await page.evaluate(() => (globalThis as Shown).textLesson.runs.length)).toBe(2);
      await page.click("text=Undo");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.present.first === 1);
    });

    it("can be stopped and made step by step", async () => {
      const page = await open("");
      await page.click("text=Stop training");
      const last = () => page.evaluate(() => (globalThis as Shown).textLesson.present.last);
      let [before, now] = [-1, await last()];
      // What was on its way arrives first.
      while (before !== now) {
        await page.waitForTimeout(250);
        [before, now] = [now, await last()];
      }
      await page.focus("main");
      await page.keyboard.press("End");
      await stepShown(page, now);
      await page.keyboard.press("Shift+ArrowRight");
      await stepShown(page, now + 1);
    });

    it("is followed from one text to the next, if that is wanted", async () => {
      const page = await open("&steps=60");
      await page.click("text=Follow");
      await ended(page);
      await stepShown(page, 60);
      expect(await page.locator(".picture q").count()).toBe(3);
    });

    it("that is too fast says so in a sentence, and offers a way out", async () => {
      const page = await site.open("?lesson=text&steps=12&rate=100");
      await page.waitForFunction(() => (globalThis as Partial<Shown>).textLesson !== undefined);
      await page.evaluate(() =>
        (globalThis as Shown).textLesson.begin({ seed: 1, steps: 12, learningRate: 1e30 }),
      );
      await page.waitForSelector(".failed");
      expect(await page.textContent(".failed")).toContain("is too large; try 0.004.");
      await page.click(".failed button");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.present.end?.kind === "done");
    });

    it("goes on after a reload, and after its worker died", async () => {
      const page = await open(`${short}&try=7&stage=mistake`);
      await stepShown(page, 7);
      await ended(page);
      await page.waitForFunction(() => (globalThis as Shown).textLesson.present.saved === 30);
      await reload(page);
      await stepShown(page, 7);
      expect(await page.textContent(".toast")).toContain("with all its 30 steps");
      const losses = () => page.evaluate(() => [...(globalThis as Shown).textLesson.present.mistakes]);
      expect(await losses()).toEqual(run.losses);
      await page.evaluate(() => {
        const { textLesson: lesson } = globalThis as Shown;
        lesson.scene = null;
        lesson.crash();
      });
      await stepShown(page, 7);
      expect(await page.textContent(".toast")).toContain("had stopped and was started again");
      expect(await losses()).toEqual(run.losses);
    });
  });

  describe("the visitor's own text", () => {
    const verse = "Wibble wobble, said the jelly on the plate. ".repeat(40);

    it("is learned when it is pasted or dropped, and continues what is asked", async () => {
      const page = await open();
      await page.fill(".own textarea", verse);
      await page.click("text=Learn it");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.facts?.name === "Your text");
      await ended(page);
      expect(await page.textContent(".knobs")).toContain("1,760 letters");
      await show(page, "attempt");
      await page.fill("input[type=text]", "Wib");
      await page.click("text=Go on");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.written?.isDone);
      const written = await page.evaluate(() => (globalThis as Shown).textLesson.written!);
      const same = new TextRun(passagesOf(verse, "Your text", { context: sizes.context }), settings);
      while (same.end === null) await same.step();
      const wish = { prompt: "Wib", temperature: 0.7, length: 160 };
      expect(written.text).toBe(await same.write(written.step, wish, () => undefined));
      await page.fill("input[type=text]", "@");
      await page.click("text=Go on");
      await page.waitForSelector(".refused");
      expect(await page.textContent(".refused")).toContain("The text has no “@”");
      // Another one is dropped, and is still there after a reload.
      await page.evaluate((text) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text.toUpperCase()], "loud.txt"));
        window.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      }, verse);
      await page.waitForFunction(() => (globalThis as Shown).textLesson.facts?.name === "loud.txt");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.present.saved === 30);
      await reload(page);
      await page.waitForFunction(() => (globalThis as Partial<Shown>).textLesson?.facts?.name === "loud.txt");
    });

    it("is refused with a sentence if it cannot be learned from", async () => {
      const page = await open();
      const refused = async (name: string, buffer: Buffer, sentence: string): Promise<void> => {
        await page.setInputFiles(".own input[type=file]", { name, mimeType: "text/plain", buffer });
        await page.waitForFunction(
          (wanted) => document.querySelector(".refused")?.textContent.includes(wanted),
          sentence,
        );
      };
      await refused("a.txt", Buffer.from("too short"), "a.txt has 9 characters; at least 1,000 are needed.");
      await refused(
        "cat.png",
        Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]),
        "cat.png is not a text in UTF-8.",
      );
      await refused("<img src=x onerror=alert(1)>", Buffer.alloc(2000), "1)> has characters of code 0");
      const huge = Buffer.alloc(8_100_000, "a");
      await refused("huge.txt", huge, "huge.txt has 8,100,000 bytes; at most 8,000,000 are read.");
      expect(await page.locator("img").count()).toBe(0);
      // The run before goes on as if nothing had happened.
      await ended(page);
      expect(await page.evaluate(() => (globalThis as Shown).textLesson.facts?.name)).toBe("tiny tales");
    });
  });

  describe("a link", () => {
    it("says where the page is, and leads back there", async () => {
      const page = await open("&seed=7&rate=0.002&steps=20&try=12&stage=mistake&words=maths");
      await stepShown(page, 12);
      await page.focus("main");
      await page.keyboard.press("Shift+ArrowRight");
      await stepShown(page, 13);
      const link = new URL(page.url());
      expect(link.search).toBe("?lesson=text&seed=7&rate=0.002&steps=20&try=13&stage=mistake&words=maths");
      const words = await page.textContent(".words p");
      await reload(page);
      await stepShown(page, 13);
      expect(await page.textContent(".words p")).toBe(words);
    });

    it("that is hostile is refused with a sentence, and nothing of it is run", async () => {
      const page = await site.open("?lesson=text&steps=1e9&rate=<img src=x onerror=alert(1)>&text=alert(1)");
      const alert = page.locator("[role=alert]");
      expect(await alert.textContent()).toContain(
        "“steps” is “1e9”; expected a whole number from 10 to 5000",
      );
      expect(await alert.textContent()).toContain("expected a learning rate from 0.00001 to 100");
      expect(await alert.textContent()).toContain("“text”, which this page does not know");
      expect(await page.locator("img").count()).toBe(0);
    });
  });

  describe("everyone", () => {
    it("can finish the lesson by keyboard alone", async () => {
      const page = await open();
      await ended(page);
      const heard: (string | undefined)[] = [];
      await page.focus("main");
      for (const { id } of stages) {
        await page.waitForSelector(`main.${id}`);
        heard.push((await page.textContent(".words h1"))?.split(" ")[0]);
        if (id === "mistake") {
          const before = await page.evaluate(() => (globalThis as Shown).textLesson.at);
          await tabTo(page, ".passage [data-mark]");
          await page.keyboard.press("ArrowLeft");
          expect(await page.evaluate(() => (globalThis as Shown).textLesson.at)).toBe(before - 1);
          await page.keyboard.press("Escape");
          await page.focus("main");
        }
        if (id === "blame") {
          await page.waitForSelector(".depth canvas");
          await tabTo(page, ".knobs button");
          await page.keyboard.press("p");
          await page.waitForSelector(".proof");
        }
        await page.keyboard.press("ArrowRight");
      }
      expect(heard).toEqual(stages.map(({ name }) => name));
      await stepShown(page, 2);
      await page.keyboard.press("End");
      await stepShown(page, 30);
      await tabTo(page, ".knobs input[type=text]");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (globalThis as Shown).textLesson.written?.isDone);
    });

    it("lights a number and its mark together, by pointer and by focus", async () => {
      const page = await open(`${short}&stage=blame`, { reducedMotion: "reduce" });
      await page.waitForSelector(".depth canvas");
      const number = page.locator(".words .num.blame").first();
      const mark = await number.getAttribute("data-mark");
      const letter = page.locator(`.passage [data-mark="${mark}"]`);
      const row = page.locator(`.knobs [data-mark="${mark}"]`);
      await number.hover();
      expect(await letter.getAttribute("class")).toContain("is-lit");
      expect(await row.getAttribute("class")).toContain("is-lit");
      await page.mouse.move(0, 0);
      await row.focus();
      expect(await number.getAttribute("class")).toContain("is-lit");
      await page.locator(".words .num").first().click();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("why");
    });

    it("meets WCAG 2.2 AA by axe on every screen", async () => {
      const found: string[] = [];
      const page = await open(short, { reducedMotion: "reduce" });
      await ended(page);
      for (const { id } of stages) {
        await show(page, id);
        found.push(...(await findingsOfAxe(page)).map((finding) => `${id}: ${finding}`));
      }
      await show(page, "goal");
      await page.click("text=Learn it");
      await page.waitForSelector(".refused");
      found.push(...(await findingsOfAxe(page)).map((finding) => `refused: ${finding}`));
      expect(found).toEqual([]);
    });

    it("has room: nothing is cut off at three widths", async () => {
      const page = await open(short, { reducedMotion: "reduce" });
      await ended(page);
      const wide: string[] = [];
      for (const [width, height] of windows) {
        // prettier-ignore
        await page.setViewportSize({ width, height });
        for (const { id } of stages) {
          await show(page, id);
          for (const level of levels) {
            await page.check(`.words input[value=${level}]`, { force: true });
            const over = await withoutRoom(page);
            wide.push(...over.map((element) => `${width}, ${level}, ${id}: ${element}`));
            if (width < 1440 || level !== "kid") continue;
            const bottom = await page.evaluate(
              () => document.querySelector(".track")!.getBoundingClientRect().bottom,
            );
            if (bottom > height) wide.push(`${id}: the timeline ends at ${bottom}`);
          }
        }
      }
      expect(wide).toEqual([]);
    });
  });

  it("says how large it is, when it draws, and how long its tasks are (printed, not asserted)", async () => {
    const { page: bytes, workers } = await scriptBytes(site, `?lesson=text${short}`, ".picture .passage");
    const page = await site.open("?lesson=text&steps=40&stage=attempt");
    const longTasks = await noteLongTasks(page);
    await page.waitForFunction(() => document.querySelector(".picture q:not(.note)") !== null);
    const sample = await page.evaluate(() => performance.now());
    await page.waitForSelector(".picture .passage");
    const drawn = await page.evaluate(() => performance.now());
    await ended(page);
    const long = await longTasks();
    console.log(
      `The text lesson: ${(bytes / 1000).toFixed(1)} kB of script, ${(workers / 1000).toFixed(1)} kB in its worker, gzipped. ` +
        `First text after ${sample.toFixed(0)} ms, first passage after ${drawn.toFixed(0)} ms; tasks above 50 ms: ${long}.`,
    );
    expect(workers).toBeGreaterThan(10_000);
  });
});
