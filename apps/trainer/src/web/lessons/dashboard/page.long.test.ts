import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { encodeIdx } from "@stargrad/datasets";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { Data } from "../../../dashboard/data.js";
import { drawnDigits } from "../../../dashboard/drawn-digits.js";
import { columns, type StepNumbers } from "../../../dashboard/records.js";
import { DashboardRun } from "../../../dashboard/run.js";
import { samples } from "../../../dashboard/samples.js";
import type { RunSettings } from "../../../dashboard/settings.js";
import { splitOf } from "../../../dashboard/split.js";
import { summaryOf } from "../../../dashboard/view.js";
import { wordsFor } from "../../../dashboard/words.js";
import { levels } from "../../../words/levels.js";
import { plain } from "../../../words/rich.js";
import { stages } from "../../stages.js";
import { chromiumPath, openSite, reload, type Site } from "../../testing/browser.js";
import { findingsOfAxe, noteLongTasks, tabTo, windows, withoutRoom } from "../../testing/checks.js";
import type { DashboardLesson } from "./lesson.svelte.js";
import { usual } from "./link.js";

/** What the page shows to tests. */
type Shown = typeof globalThis & { dashboardLesson: DashboardLesson };

/** Two spirals, which are quick. */
const quick = "&data=spirals&epochs=3&units=16&rate=0.02";
const settings: RunSettings = { ...usual, epochs: 3, units: 16, learningRate: 0.02 };
describe.skipIf(chromiumPath === null)("the dashboard", () => {
  let site: Site;
  const data = samples.spirals();
  /** The same run, made by the library in this process. */
  let run: DashboardRun;

  beforeAll(async () => {
    site = await openSite();
    run = await finished(data, settings);
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  const finished = async (of: Data, by: RunSettings): Promise<DashboardRun> => {
    const made = new DashboardRun(of, splitOf(of, by), by);
    while (made.end === null) await made.step();
    return made;
  };
  const hasEnded = (page: Page): Promise<unknown> =>
    page.waitForFunction(() => (globalThis as Shown).dashboardLesson.present.end !== null);
  const dashboard = async (query = quick, options = {}): Promise<Page> => {
    const page = await site.open(`?lesson=dashboard${query}`, options);
    await page.waitForFunction(
      () => ((globalThis as Shown).dashboardLesson as DashboardLesson | undefined)?.moment != null,
    );
    return page;
  };
  const ended = async (query = quick, options = {}): Promise<Page> => {
    const page = await dashboard(query, options);
    await hasEnded(page);
    return page;
  };
  /** All that the page knows of its present run, but for its speed. */
  const recordOf = (page: Page): Promise<unknown> =>
    page.evaluate(() => {
      const present = (globalThis as Shown).dashboardLesson.present;
      const steps = Array.from({ length: present.last }, (_, i) => ({ ...present.at(i + 1), speed: 0 }));
      return { steps, epochs: present.epochs, credits: present.credits, end: present.end };
    });
  const expectedOf = ({ steps, epochs, credits, end }: DashboardRun): unknown => ({
    steps: steps.map((step) => ({ ...step, speed: 0 })),
    epochs,
    credits,
    end,
  });
  /** Drops files of bytes on the page. */
  const drop = (page: Page, files: readonly { name: string; buffer: Buffer }[]): Promise<void> =>
    page.setInputFiles(
      "[data-files]",
      files.map((file) => ({ ...file, mimeType: "application/octet-stream" })),
    );
  /** Drags a file or a folder of this machine over an element, and lets it go. */
  const dropAt = async (page: Page, selector: string, path: string): Promise<void> => {
    const box = (await page.locator(selector).boundingBox())!;
    const session = await page.context().newCDPSession(page);
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", {
        type,
        x: box.x + box.width / 2,
        y: box.y + box.height / 2,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    }
  };
  /** The two IDX files of drawn digits. */
  const idxOf = ({ values, labels, shape }: Data): { name: string; buffer: Buffer }[] => [
    { name: "train-images", buffer: Buffer.from(encodeIdx({ shape: [labels.length, ...shape.slice(1)], data: values })) }, // prettier-ignore
    { name: "train-labels", buffer: Buffer.from(encodeIdx({ shape: [labels.length], data: Uint8Array.from(labels) })) }, // prettier-ignore
  ];

  describe("its numbers", () => {
    it("are the library's: every step, every epoch, every credit", async () => {
      const page = await ended();
      expect(await recordOf(page)).toEqual(expectedOf(run));
    });

    it("are the same in the words of every level and stage", async () => {
      const page = await ended();
      const last = run.steps.length;
      const speed = await page.evaluate(() => (globalThis as Shown).dashboardLesson.moment!.numbers.speed);
      const moment = {
        data: summaryOf(data, run.split),
        settings,
        letter: "A",
        step: last,
        numbers: { ...run.steps[last - 1], speed } as StepNumbers,
        epoch: run.epochs.at(-1)!,
        credit: run.credits.at(-1)!,
        units: run.units,
      };
      for (const { id } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).dashboardLesson.goTo(stage);
        }, id);
        for (const level of levels) {
          await page.check(`.words input[value=${level}]`, { force: true });
          expect((await page.textContent(".words > p"))?.trim()).toBe(plain(wordsFor(moment, id, level)));
        }
      }
    });

    it("of any step are shown when it is looked at, and the unexplained rest is small", async () => {
      const page = await ended(`${quick}&stage=blame`);
      await page.focus(".timeline input");
      await page.keyboard.press("Home");
      expect(await page.textContent("#m-norm .value")).toBe(run.steps[0].gradientNorm.toPrecision(3));
      expect(await page.textContent("#m-credit caption")).toContain("Step 1, on these 64 rows");
      expect(await page.textContent("[data-unexplained]")).toMatch(/^0\.0\d %$|rounding/);
      await page.keyboard.press("ArrowRight");
      expect(await page.textContent("#m-norm .value")).toBe(run.steps[1].gradientNorm.toPrecision(3));
    });

    it("are exported", async () => {
      const page = await ended(`${quick}&stage=again`);
      const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=CSV")]);
      const chunks: Buffer[] = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
      const [heads, first, ...rest] = Buffer.concat(chunks).toString().trim().split("\n");
      expect(download.suggestedFilename()).toBe("run-A.csv");
      expect(heads).toBe(["step", ...columns].join(","));
      expect(first.split(",").slice(0, 2)).toEqual(["1", String(run.steps[0].loss)]);
      expect(rest).toHaveLength(run.steps.length - 1);
    });
  });

  describe("a run", () => {
    it("goes on after a reload from where it was saved, with the same bits", async () => {
      const page = await dashboard(`${quick}&stage=again`);
      // A run of its own, slow from its first step.
      await page.evaluate(() => {
        const { dashboardLesson } = globalThis as Shown;
        dashboardLesson.setSpeed("1");
        return dashboardLesson.open({ ...dashboardLesson.settings, units: 17 });
      });
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.present.last > 0);
      // Paused, it is saved.
      await page.evaluate(() => (globalThis as Shown).dashboardLesson.play());
      await reload(page);
      await page.waitForSelector(".toast");
      expect(await page.textContent(".toast")).toContain(
        "was going on when the page was closed, and goes on from step",
      );
      await hasEnded(page);
      expect(await recordOf(page)).toEqual(expectedOf(await finished(data, { ...settings, units: 17 })));
    });

    it("of one's own files goes on after the worker died, with a notice and the same bits", async () => {
      const digits = drawnDigits({ samples: 200, seed: 5 });
      const page = await dashboard("&data=spirals&epochs=2&units=8&model=linear");
      await page.evaluate(() => {
        (globalThis as Shown).dashboardLesson.setSpeed("1");
      });
      await drop(page, idxOf(digits));
      await page.waitForFunction(() => {
        const { sample, present } = (globalThis as Shown).dashboardLesson;
        return sample === null && present.last > 0;
      });
      // Paused, it is saved.
      await page.evaluate(() => (globalThis as Shown).dashboardLesson.play());
      await page.evaluate(() => {
        const { dashboardLesson } = globalThis as Shown;
        dashboardLesson.speed = "max";
        dashboardLesson.crash();
      });
      await page.waitForSelector(".toast");
      expect(await page.textContent(".toast")).toContain("It was started again");
      await hasEnded(page);
      const own = await finished(digits, { ...usual, epochs: 2, units: 8, model: "linear" });
      expect(await recordOf(page)).toEqual(expectedOf(own));
    });

    it("forks from the end of an epoch, is compared, and an epoch repeats bit for bit", async () => {
      const page = await ended(`${quick}&stage=again`);
      await page.click("text=Train the epoch again");
      await page.waitForSelector(".toast");
      const weights = run.model.parameters().reduce((sum, { size }) => sum + size, 0);
      expect(await page.textContent(".toast")).toContain(
        `Epoch 3 was trained again: the same ${weights} weights, bit for bit.`,
      );
      await page.evaluate((step) => {
        (globalThis as Shown).dashboardLesson.moveTo(step);
      }, run.stepsPerEpoch + 2);
      await page.focus("main");
      await page.keyboard.press("f");
      await page.fill("dialog[open] input >> nth=0", "0.001");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.runs.length === 2);
      await hasEnded(page);
      const fork = await run.from(1, { ...settings, learningRate: 0.001 });
      while (fork.end === null) await fork.step();
      expect(await recordOf(page)).toEqual(expectedOf(fork));
      expect(await page.locator("#m-runs tbody tr").count()).toBe(2);
    });

    it("that is too fast says so in a sentence, and offers a way out", async () => {
      const page = await dashboard("&data=spirals&epochs=200&units=4&stage=again");
      await page.evaluate(() => {
        const { dashboardLesson } = globalThis as Shown;
        // A number that no link may have.
        return dashboardLesson.open({
          ...dashboardLesson.settings,
          learningRate: 1e37,
          schedule: "constant",
        });
      });
      await page.waitForSelector(".failed");
      expect(await page.textContent(".failed")).toContain("the learning rate 1e+37 is too large");
      await page.click(".failed button");
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.runs.length === 3);
    });
  });

  describe("files", () => {
    it("of one's own are previewed, checked for leaks, and trained on", async () => {
      const digits = drawnDigits({ samples: 300, seed: 2 });
      // Copies of one picture in all places of a class: some of them are held out.
      const values = digits.values as Uint8Array;
      for (let i = 10; i < 300; i += 10) values.copyWithin(784 * i, 0, 784);
      const page = await dashboard("&data=spirals&epochs=2&model=linear");
      await drop(page, idxOf(digits));
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.sample === null);
      await hasEnded(page);
      expect(await page.textContent("[data-summary]")).toMatch(/300\s+pictures of 28 × 28 pixels/);
      expect(await page.locator(".preview canvas").count()).toBe(32);
      expect(await page.textContent(".leak")).toMatch(/6 held-out pictures\s+are also trained on/);
      const own = await finished(digits, { ...usual, epochs: 2, model: "linear" });
      expect(await recordOf(page)).toEqual(expectedOf(own));
      await page.click("text=Leave them out");
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.data?.heldOut === 54);
      await page.waitForURL(/leaks=out/);
    });

    it.each([
      ["garbage.bin", Buffer.from("<script>alert(1)</script>"), "Is this an IDX file?"],
      [
        "bomb-images",
        Buffer.from([0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 9]),
        "impossibly large",
      ],
      ["table.csv", Buffer.from("a,b\n1.5,2.5\n"), "no column with 2 to 60 different values"],
      ["x.npy", Buffer.from("\x93NUMPY"), "decodeNpy"],
    ])("that are hostile are refused with a sentence: %s", async (name, buffer, sentence) => {
      const page = await dashboard();
      await drop(page, [{ name, buffer }]);
      await page.waitForSelector(".refused");
      expect(await page.textContent(".refused")).toContain(sentence);
      expect(await page.textContent(".refused")).toContain("The data before is still there.");
      await hasEnded(page);
    });

    it.each(["chosen", "dropped"])("in a folder for each class are %s, and trained on", async (how) => {
      const folder = mkdtempSync(join(tmpdir(), "stargrad-folder-"));
      try {
        const page = await dashboard("&data=spirals&epochs=1&model=linear");
        const pictures = await page.evaluate(async () => {
          const drawn = async (i: number): Promise<number[]> => {
            const canvas = new OffscreenCanvas(20, 20);
            const context = canvas.getContext("2d")!;
            context.fillStyle = i % 2 === 0 ? "red" : "blue";
            context.fillRect(0, 0, 20, 4 + (i % 12));
            return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
          };
          return Promise.all(Array.from({ length: 24 }, (_, i) => drawn(i)));
        });
        for (const [i, bytes] of pictures.entries()) {
          const place = join(folder, "flags", i % 2 === 0 ? "red" : "blue");
          mkdirSync(place, { recursive: true });
          writeFileSync(join(place, `${i}.png`), Buffer.from(bytes));
        }
        if (how === "chosen") await page.setInputFiles("[data-folder]", join(folder, "flags"));
        else await dropAt(page, ".drop", join(folder, "flags"));
        await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.sample === null);
        await hasEnded(page);
        const classes = await page.evaluate(() => (globalThis as Shown).dashboardLesson.data!.classes);
        expect(classes.map(({ name, training, heldOut }) => [name, training + heldOut])).toEqual([
          ["blue", 12],
          ["red", 12],
        ]);
        expect(await page.textContent("[data-summary]")).toMatch(/24\s+pictures of/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it("of a table let one choose the column to predict", async () => {
      const rows = Array.from(
        { length: 60 },
        (_, i) => `${i % 7},${(i * i) % 11},${["red", "blue"][i % 2]},${i % 3}`,
      );
      const page = await dashboard();
      await drop(page, [{ name: "a.csv", buffer: Buffer.from(`u,v,colour,kind\n${rows.join("\n")}\n`) }]);
      await page.selectOption(".own select", "colour");
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.data?.target === "colour");
      expect(await page.evaluate(() => (globalThis as Shown).dashboardLesson.data!.classes.map(({ name }) => name))).toEqual(["blue", "red"]); // prettier-ignore
      await hasEnded(page);
    });
  });

  describe("a link", () => {
    it("says where the page is, and leads back there", async () => {
      const page = await ended(
        "&data=spirals&epochs=2&units=9&rate=0.01&seed=4&schedule=constant&stage=adjust&words=maths",
      );
      await page.evaluate(() => {
        (globalThis as Shown).dashboardLesson.moveTo(5);
      });
      await page.waitForFunction(() => location.search.includes("try=5"));
      const { search } = new URL(page.url());
      expect(new URLSearchParams(search)).toEqual(
        new URLSearchParams(
          "lesson=dashboard&data=spirals&units=9&rate=0.01&schedule=constant&epochs=2&seed=4&try=5&stage=adjust&words=maths",
        ),
      );
      const words = await page.textContent(".words > p");
      // In another browser, where nothing is saved.
      const other = await ended(search.slice("?lesson=dashboard".length));
      await other.waitForFunction(() => (globalThis as Shown).dashboardLesson.try === 5);
      expect(await other.textContent(".words > p")).toBe(words);
    });

    it("that is hostile is refused with a sentence", async () => {
      const page = await site.open("?lesson=dashboard&data=../../etc/passwd&epochs=1e9&model=<img src=x>");
      const alert = page.locator("[role=alert]");
      expect(await alert.textContent()).toContain("“data” is “../../etc/passwd”; expected one of digits");
      expect(await alert.textContent()).toContain("“epochs” is “1e9”; expected a whole number from 1 to 200");
      expect(await page.locator("img").count()).toBe(0);
    });
  });

  describe("everyone", () => {
    it("can use the lesson by keyboard alone", async () => {
      const page = await ended();
      await tabTo(page, ".own .row button:first-child");
      await tabTo(page, "form .button--main");
      await page.keyboard.press("Enter");
      await page.waitForSelector("main.again");
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.runs.length === 2);
      await hasEnded(page);
      await tabTo(page, "[data-cell='0-0']");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForSelector("dialog[open]");
      expect(await page.textContent("dialog[open]")).toContain("“spiral 2”, and it says so");
      await page.keyboard.press("Escape");
      await tabTo(page, "[aria-label='Show run A']");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (globalThis as Shown).dashboardLesson.present.letter === "A");
      await page.focus("main");
      for (const { id } of stages.toReversed().slice(1)) {
        await page.keyboard.press("ArrowLeft");
        await page.waitForSelector(`main.${id}`);
      }
    });

    it("meets no obstacle that axe finds", async () => {
      const page = await ended(quick, { reducedMotion: "reduce" });
      const found: string[] = [];
      for (const { id } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).dashboardLesson.goTo(stage);
        }, id);
        await page.waitForSelector(`main.${id}`);
        found.push(...(await findingsOfAxe(page)).map((finding) => `${id}: ${finding}`));
      }
      await page.evaluate(() => (globalThis as Shown).dashboardLesson.openCell(0, 0));
      await page.waitForSelector("dialog[open]");
      found.push(...(await findingsOfAxe(page)).map((finding) => `dialog: ${finding}`));
      expect(found).toEqual([]);
    });

    it("sees everything at every width, and the board at once on a large screen", async () => {
      const page = await ended("&epochs=1&model=linear", { reducedMotion: "reduce" });
      const wrong: string[] = [];
      for (const [width, height] of windows) {
        // prettier-ignore
        await page.setViewportSize({ width, height });
        for (const { id } of stages) {
          await page.evaluate((stage) => {
            (globalThis as Shown).dashboardLesson.goTo(stage);
          }, id);
          await page.waitForSelector(`main.${id}`);
          wrong.push(...(await withoutRoom(page)).map((element) => `${id} at ${width}: ${element}`));
          const bottom = await page.evaluate(() => document.documentElement.scrollHeight);
          if (width === 1440 && bottom > height) wrong.push(`${id} is ${bottom} pixels high`);
        }
      }
      expect(wrong).toEqual([]);
    });

    it("gets an answer while it trains: the tasks of the page are short", async () => {
      const page = await dashboard("&model=mlp&stage=again&epochs=6");
      const tasks = await noteLongTasks(page);
      await hasEnded(page);
      console.log(`The page's tasks above 50 ms while training: ${await tasks()}`);
      expect(await page.evaluate(() => (globalThis as Shown).dashboardLesson.present.last)).toBe(228);
    });
  });
});
