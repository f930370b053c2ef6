import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { heldOut } from "../../../cat-or-dog/drawings.js";
import { CatRun } from "../../../cat-or-dog/runs.js";
import type { Scene } from "../../../cat-or-dog/scene.js";
import { heldOutDrawings, side } from "../../../cat-or-dog/sizes.js";
import { plainWordsFor } from "../../../cat-or-dog/words.js";
import { levels } from "../../../words/levels.js";
import { percent } from "../../../words/numbers.js";
import { stages } from "../../stages.js";
import { chromiumPath, openSite, reload, type Site } from "../../testing/browser.js";
import { findingsOfAxe, noteLongTasks, tabTo, windows, withoutRoom } from "../../testing/checks.js";
import type { CatLesson } from "./lesson.svelte.js";
import { usual } from "./link.js";

// Cat or dog as it is published, in a real browser. One browser and one build for all tests.

/** What the page shows to tests. */
type Shown = typeof globalThis & { catLesson: CatLesson };

/** How many steps are made here: enough for two tests on the held-out drawings. */
const steps = 24;

const settings = { seed: usual.seed, learningRate: usual.learningRate };

describe.skipIf(chromiumPath === null)("the page of cats and dogs", () => {
  let site: Site;
  /** The same run, made by the library in this process. */
  let run: CatRun;

  beforeAll(async () => {
    site = await openSite();
    run = new CatRun(settings);
    while (run.last < steps) await run.step();
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  /** Opens the lesson, and stops its training after some steps: the tests need no more. */
  const cats = async (query = "", options = {}): Promise<Page> => {
    const page = await site.open(`?lesson=cat-or-dog${query}`, options);
    await page.waitForSelector(".words .num");
    await made(page, steps);
    await page.evaluate(() => {
      const { catLesson } = globalThis as Shown;
      if (!catLesson.present.isPaused && catLesson.present.end === null) catLesson.pause();
    });
    return page;
  };
  const made = (page: Page, count: number): Promise<unknown> =>
    page.waitForFunction((wanted) => (globalThis as Shown).catLesson.present.last >= wanted, count);
  const stepShown = (page: Page, number: number): Promise<unknown> =>
    page.waitForFunction((wanted) => (globalThis as Shown).catLesson.scene?.number === wanted, number);
  const goTo = async (page: Page, stage: string): Promise<void> => {
    await page.evaluate((id) => {
      (globalThis as Shown).catLesson.goTo(id as never);
    }, stage);
    await page.waitForSelector(`main.${stage}`);
  };
  const asText = (scene: Scene): string => JSON.stringify(scene);

  it("shows the library's numbers: scenes, words at every level, and tests", async () => {
    const page = await cats("&try=7&stage=goal");
    for (const [number, drawing] of [
      [7, usual.drawing],
      [21, 3],
    ] as const) {
      await page.evaluate(
        ([step, picture]) => {
          const { catLesson } = globalThis as Shown;
          catLesson.show(picture);
          catLesson.moveTo(step);
        },
        [number, drawing] as const,
      );
      await page.waitForFunction(
        ([step, picture]) => {
          const { scene } = (globalThis as Shown).catLesson;
          return scene?.number === step && scene.drawing === picture;
        },
        [number, drawing] as const,
      );
      const expected = await run.look(number, drawing);
      expect(await page.evaluate(() => JSON.stringify((globalThis as Shown).catLesson.scene))).toBe(
        asText(expected),
      );
      for (const { id, name } of stages) {
        await goTo(page, id);
        for (const level of levels) {
          await page.check(`.words input[value=${level}]`, { force: true });
          expect((await page.textContent(".words p"))?.trim()).toBe(plainWordsFor(expected, name, level));
        }
      }
    }
    const test = run.tests[1];
    const shown = await page.evaluate(() => JSON.stringify((globalThis as Shown).catLesson.present.tests[1]));
    expect(shown).toBe(JSON.stringify(test));
    const [[right, wrong]] = test.counts;
    expect(await page.textContent(".knobs table")).toContain(`${right} ✓`);
    expect(await page.textContent(".knobs table")).toContain(`${wrong} ✕`);
  });

  it("gives the same bytes when a step is looked at again after scrubbing", async () => {
    const page = await cats();
    for (const number of [20, 2, 13]) {
      const [print, recorded] = await page.evaluate(async (n) => {
        const { catLesson } = globalThis as Shown;
        return [(await catLesson.look(n)).step.fingerprint, await catLesson.recorded(n + 1)];
      }, number);
      expect(print).toBe(recorded);
      expect(recorded).toBe(run.recorded(number + 1));
    }
    await page.focus(".timeline input");
    await page.keyboard.press("Home");
    await stepShown(page, 1);
    const again = await page.evaluate(() => JSON.stringify((globalThis as Shown).catLesson.scene));
    expect(again).toBe(asText(await run.look(1, usual.drawing)));
  });

  it("proves the blame of a pixel, a volume and a weight, and follows ink that is added", async () => {
    const page = await cats("&try=21&stage=blame");
    await stepShown(page, 21);
    const [first] = (await run.look(21, usual.drawing)).blame.strongest;
    for (const mark of [`x${first}`, "f3", "g5"]) {
      await page.evaluate((id) => {
        (globalThis as Shown).catLesson.choose(id);
      }, mark);
      await page.click(".depth >> text='Prove it'");
      await page.waitForSelector(".proof");
      const proof = await page.evaluate((id) => (globalThis as Shown).catLesson.proofs.get(id), mark);
      expect(proof).toEqual(await run.prove(21, usual.drawing, mark));
    }
    await page.check(".depth input[value=weight]", { force: true });
    await page.click(".depth >> text='Prove it'");
    await page.waitForFunction(() => (globalThis as Shown).catLesson.proofs.size === 4);
    await page.check(".depth input[value=mark]", { force: true });
    await page.focus(`.picture [data-mark=x${first}]`);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.waitForFunction(() => ((globalThis as Shown).catLesson.wiggle?.by ?? 0) === 0.2);
    const shown = await page.evaluate(() => (globalThis as Shown).catLesson.wiggle?.answered);
    expect(shown).toEqual(await run.wiggle(21, usual.drawing, first, 0.2));
  });

  it("opens the pictures of a cell, the most surprising first, and looks at one", async () => {
    const page = await cats("&try=21&stage=mistake");
    await page.waitForSelector(".knobs canvas");
    const { order, said } = run.tests[1];
    const wrong = [...order].filter((drawing) => drawing % 2 === 1 && said[drawing] === 0);
    await page.click(`.knobs [aria-label*="dogs called cat"]`);
    await page.waitForFunction(() => (globalThis as Shown).catLesson.heldOut !== null);
    expect(await page.evaluate(() => [...(globalThis as Shown).catLesson.listed])).toEqual(wrong);
    const pixels = await page.evaluate(() => [...(globalThis as Shown).catLesson.heldOut!.slice(0, 784)]);
    expect(pixels).toEqual([...heldOut.pixels(0)].map((ink) => Math.round(255 * ink)));
    const at = await page.getAttribute(`.knobs [data-mark=d${wrong[1]}]`, "data-at");
    const [x, y] = at!.split(" ").map(Number);
    await page.locator(".knobs canvas").first().click({ position: { x, y } });
    await page.waitForFunction((n) => (globalThis as Shown).catLesson.scene?.drawing === n, wrong[1]);
    expect(new URL(page.url()).searchParams.get("drawing")).toBe(`${wrong[1] + 1}`);
    await page.click("text=Worst mistake");
    await page.waitForFunction((n) => (globalThis as Shown).catLesson.scene?.drawing !== n, wrong[1]);
  });

  it("forks with another learning rate, and both curves are there", async () => {
    const page = await cats("&try=12");
    await stepShown(page, 12);
    await page.focus("main");
    await page.keyboard.press("f");
    await page.fill("dialog[open] input", "0.02");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => (globalThis as Shown).catLesson.runs.length === 2);
    await made(page, 18);
    const forked = await run.fork({ ...settings, learningRate: 0.02 }, 12);
    while (forked.last < 18) await forked.step();
    const shown = await page.evaluate(() => (globalThis as Shown).catLesson.present.mistakes.slice(0, 7));
    expect(shown).toEqual(forked.mistakes);
    await page.click("text=Undo");
    await page.waitForFunction(() => (globalThis as Shown).catLesson.present.first === 1);
  });

  it("goes on with a fork after a reload, and after a crash", async () => {
    const page = await cats("&try=12");
    await stepShown(page, 12);
    await page.evaluate(() => {
      (globalThis as Shown).catLesson.fork(0.02);
    });
    const forked = await run.fork({ ...settings, learningRate: 0.02 }, 12);
    while (forked.last < 16) await forked.step();
    const isForked = async (): Promise<void> => {
      // It makes steps once it has been kept.
      await page.waitForFunction(() => {
        const { present } = (globalThis as Shown).catLesson;
        return present.first === 12 && present.last >= 16;
      });
      const shown = await page.evaluate(() => (globalThis as Shown).catLesson.present.mistakes.slice(0, 5));
      expect(shown).toEqual(forked.mistakes);
    };
    await isForked();
    await page.waitForURL(/rate=0.02/);
    await reload(page);
    await page.waitForSelector("text=Kept on your machine");
    await stepShown(page, 12);
    await isForked();
    await page.evaluate(() => {
      (globalThis as Shown).catLesson.crash();
    });
    await isForked();
  });

  describe("a picture of the visitor", () => {
    it("is drawn by pointer and by keyboard, erased and undone, and asked about while the net learns", async () => {
      const page = await site.open("?lesson=cat-or-dog");
      await page.waitForSelector(".words .num");
      await page.click("text=Your own picture");
      await page.waitForSelector(".pad canvas");
      const box = (await page.locator(".pad").boundingBox())!;
      for (const y of [0.3, 0.7]) {
        await page.mouse.move(box.x + 0.2 * box.width, box.y + y * box.height);
        await page.mouse.down();
        await page.mouse.move(box.x + 0.8 * box.width, box.y + y * box.height, { steps: 4 });
        await page.mouse.up();
      }
      const lines = (count: number): Promise<unknown> =>
        page.waitForFunction((n) => (globalThis as Shown).catLesson.strokes.length === n, count);
      await lines(2);
      await page.waitForFunction(() => (globalThis as Shown).catLesson.scene?.drawing === null);
      const heard = await page.waitForFunction(() => (globalThis as Shown).catLesson.now);
      const { p, after } = (await heard.jsonValue())!;
      expect(p[0] + p[1]).toBeCloseTo(1, 6);
      // Asked again while it learns.
      await page.waitForFunction((n) => ((globalThis as Shown).catLesson.now?.after ?? 0) > n, after);
      const ink = await page.evaluate(() => {
        const { pixels } = (globalThis as Shown).catLesson.own!;
        return pixels.reduce((sum, value) => sum + value, 0);
      });
      expect(ink).toBeGreaterThan(20);
      await page.focus(".pad");
      for (const key of ["ArrowDown", "Space", "ArrowRight", "ArrowRight", "Space"])
        await page.keyboard.press(key);
      await lines(3);
      await page.keyboard.press("Backspace");
      await lines(2);
      await page.check(".knobs input[value=erase]", { force: true });
      await page.mouse.click(box.x + 0.5 * box.width, box.y + 0.3 * box.height);
      await lines(1);
      await page.check(".knobs input[value=dog]", { force: true });
      await page.waitForFunction(() => (globalThis as Shown).catLesson.scene?.answer === 1);
      await page.click("text=Clear");
      await page.waitForFunction((n) => (globalThis as Shown).catLesson.scene?.drawing === n, usual.drawing);
    });

    it("comes from a file, and what is broken or hostile is refused with a sentence", async () => {
      const page = await cats();
      await page.click("text=Your own picture");
      const png = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(120, 80);
        const pen = canvas.getContext("2d")!;
        pen.fillStyle = "white";
        pen.fillRect(0, 0, 120, 80);
        pen.fillStyle = "black";
        pen.fillRect(50, 30, 20, 20);
        return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer())];
      });
      const file = (name: string, bytes: readonly number[]): Promise<void> =>
        page.setInputFiles(".knobs input[type=file]", {
          name,
          mimeType: "image/png",
          buffer: Buffer.from(bytes),
        });
      await file("a cat.png", png);
      await page.waitForFunction(() => (globalThis as Shown).catLesson.scene?.drawing === null);
      const own = await page.evaluate(() => [...(globalThis as Shown).catLesson.own!.pixels]);
      expect(own).toHaveLength(side * side);
      expect(own[14 * side + 14]).toBeCloseTo(1, 1);
      expect(own[0]).toBe(0);
      const huge = [...png];
      // The width and height that the file claims: 65,535 each.
      huge.splice(16, 8, 0, 0, 255, 255, 0, 0, 255, 255);
      for (const [name, bytes, sentence] of [
        ["text.png", [...Buffer.from("<script>alert(1)</script>")], "expected a PNG or a JPEG"],
        ["empty.png", [], "This file is empty."],
        ["cut.png", png.slice(0, 60), "damaged PNG"],
        ["huge.png", huge, "65535 × 65535 pixels"],
      ] as const) {
        await file(name, bytes);
        const alert = page.locator(".refusal", { hasText: name });
        await alert.waitFor();
        expect(await alert.textContent()).toContain(sentence);
      }
      expect(await page.locator("script:not([src])").count()).toBe(0);
    });
  });

  it("leads back from a link, and refuses hostile ones with a sentence", async () => {
    const page = await cats("&seed=3&rate=0.01&drawing=12&try=9&stage=again&words=student");
    await stepShown(page, 9);
    await page.focus("main");
    await page.keyboard.press("Shift+ArrowRight");
    await stepShown(page, 10);
    const link = new URL(page.url());
    expect(link.search).toBe(
      "?lesson=cat-or-dog&seed=3&rate=0.01&drawing=12&try=10&stage=again&words=student",
    );
    for (const [query, sentence] of [
      ["drawing=0", `a whole number from 1 to ${heldOutDrawings}`],
      ["rate=NaN", "a learning rate from 0.00001 to 1"],
      ["goal=1", "“goal”, which this page does not know"],
      ["picture=data:text/html,<script>", "“picture”, which this page does not know"],
    ]) {
      await page.goto(`${site.plain}?lesson=cat-or-dog&${query}`);
      expect(await page.textContent("[role=alert]")).toContain(sentence);
    }
  });

  it("goes on after its worker died, and after a reload, from what was kept", async () => {
    const page = await site.open("?lesson=cat-or-dog&try=5&stage=blame");
    await stepShown(page, 5);
    // What is written last into a save is its sequence number, at the begin.
    await page.waitForFunction(async () => {
      const folder = await navigator.storage.getDirectory();
      const handle = await folder.getFileHandle("cat-or-dog.0.save").catch(() => null);
      const bytes = await handle?.getFile().then((file) => file.slice(0, 8).arrayBuffer());
      return bytes?.byteLength === 8 && new Float64Array(bytes)[0] > 0;
    });
    await page.evaluate(() => {
      const { catLesson } = globalThis as Shown;
      catLesson.scene = null;
      catLesson.crash();
    });
    await stepShown(page, 5);
    expect(await page.textContent(".toast")).toMatch(/started again|Kept on your machine/);
    await reload(page);
    await page.waitForSelector("text=Kept on your machine");
    await stepShown(page, 5);
    const scene = await page.evaluate(() => JSON.stringify((globalThis as Shown).catLesson.scene));
    expect(scene).toBe(asText(await run.look(5, usual.drawing)));
    expect(await page.evaluate(() => (globalThis as Shown).catLesson.recorded(12))).toBe(run.recorded(12));
    await page.click("text=Undo");
    await page.waitForFunction(() => (globalThis as Shown).catLesson.toast === null);
  });

  describe("everyone", () => {
    it("can finish the lesson by keyboard alone", async () => {
      const page = await cats();
      const heard: (string | undefined)[] = [];
      for (const { id } of stages) {
        await page.waitForSelector(`main.${id}`);
        heard.push((await page.textContent(".words h1"))?.split(" ")[0]);
        if (id === "mistake") {
          await tabTo(page, ".knobs [aria-label*='cats called dog']");
          await page.keyboard.press("Enter");
          await tabTo(page, ".knobs [data-mark^=d]");
          await page.keyboard.press("Enter");
          await page.waitForFunction(() => (globalThis as Shown).catLesson.scene?.answer === 0);
        }
        if (id === "blame") {
          await tabTo(page, ".picture [data-mark^=x]");
          await page.keyboard.press("Enter");
          await page.keyboard.press("p");
          await page.waitForSelector(".proof");
        }
        await page.keyboard.press("ArrowRight");
      }
      expect(heard).toEqual(stages.map(({ name }) => name));
      await stepShown(page, 2);
      await page.keyboard.press("End");
      await page.waitForFunction(() => {
        const { scene, present } = (globalThis as Shown).catLesson;
        return scene?.number === present.last;
      });
      await page.keyboard.press("Home");
      await stepShown(page, 1);
    });

    it("lights a number and its mark together", async () => {
      const page = await cats("&try=8&stage=blame", { reducedMotion: "reduce" });
      await stepShown(page, 8);
      const number = page.locator(".words .num[data-mark^=x]");
      const mark = (await number.getAttribute("data-mark"))!;
      await number.hover();
      expect(await page.evaluate(() => (globalThis as Shown).catLesson.lit)).toBe(mark);
      await page.mouse.move(0, 0);
      await page.focus(`.picture [data-mark=${mark}]`);
      expect(await number.getAttribute("class")).toContain("is-lit");
    });

    it("meets WCAG 2.2 AA by axe on every screen", async () => {
      const found: string[] = [];
      const page = await cats("&try=12", { reducedMotion: "reduce" });
      for (const { id } of stages) {
        await goTo(page, id);
        found.push(...(await findingsOfAxe(page)).map((finding) => `${id}: ${finding}`));
      }
      await page.click("text=Your own picture");
      await page.setInputFiles(".knobs input[type=file]", {
        name: "no.png",
        mimeType: "image/png",
        buffer: Buffer.from("no"),
      });
      await page.waitForSelector(".refusal");
      found.push(...(await findingsOfAxe(page)).map((finding) => `own picture: ${finding}`));
      expect(found).toEqual([]);
    });

    it.each(windows)("has room: nothing is cut off at %i × %i", async (width, height) => {
      const page = await cats("&try=12", { viewport: { width, height }, reducedMotion: "reduce" });
      const wide: string[] = [];
      for (const { id } of stages) {
        for (const level of levels) {
          await page.evaluate((words) => {
            (globalThis as Shown).catLesson.level = words;
          }, level);
          await goTo(page, id);
          wide.push(...(await withoutRoom(page)).map((element) => `${level}, ${id}: ${element}`));
          if (width < 1440 || level !== "kid") continue;
          const bottom = await page.evaluate(
            () => document.querySelector(".track")!.getBoundingClientRect().bottom,
          );
          if (bottom > height) wide.push(`${level}, ${id}: the timeline ends at ${bottom}`);
        }
      }
      await page.click("text=Your own picture");
      wide.push(...(await withoutRoom(page)).map((element) => `own picture: ${element}`));
      expect(wide).toEqual([]);
    });
  });

  it("leaves the main thread free while it trains (printed, not asserted)", async () => {
    const page = await site.open("?lesson=cat-or-dog&stage=attempt");
    const longTasks = await noteLongTasks(page);
    await page.waitForSelector(".words .num");
    const drawn = await page.evaluate(() => performance.now());
    await made(page, 60);
    const long = await longTasks();
    const right = await page.evaluate(() => (globalThis as Shown).catLesson.present.tests.at(-1)!.right);
    console.log(
      `The first step was drawn ${drawn.toFixed(0)} ms after the page was asked for. After 60 steps, ${percent(right)} of the held-out ` +
        `drawings were right; tasks of the main thread above 50 ms: ${long}.`,
    );
    expect(right).toBeGreaterThan(0.5);
  });
});
