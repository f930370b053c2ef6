import { readFile } from "node:fs/promises";

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { failureScenes } from "../../../playground/failures.js";
import { PlayRun } from "../../../playground/runs.js";
import type { PlayScene } from "../../../playground/scene.js";
import { usual, type ForkedSettings, type PlaySettings } from "../../../playground/settings.js";
import { plainWordsFor } from "../../../playground/words.js";
import { levels } from "../../../words/levels.js";
import { addressOf, readAddress, type Place } from "../../address.js";
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
import type { PlayLesson } from "./lesson.svelte.js";

// The playground as it is published, in a real browser. One browser for all tests.

/** What the page shows to tests. */
type Shown = typeof globalThis & { playLesson: PlayLesson };

describe.skipIf(chromiumPath === null)("the playground", () => {
  let site: Site;
  /** The same run, made by the library in this process. */
  let run: PlayRun;

  beforeAll(async () => {
    site = await openSite();
    run = await PlayRun.begin(usual);
    while (run.isOpen) await run.step();
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  const playground = async (query = "", options = {}): Promise<Page> => {
    const page = await site.open(`?lesson=playground${query}`, options);
    await page.waitForSelector(".words .num");
    return page;
  };
  const tryShown = (page: Page, number: number) =>
    page.waitForFunction((wanted) => (globalThis as Shown).playLesson.scene?.number === wanted, number, {
      polling: 20,
    });
  const settled = (page: Page, settings: PlaySettings) =>
    page.waitForFunction(
      (wanted) => JSON.stringify((globalThis as Shown).playLesson.scene?.settings) === wanted,
      JSON.stringify(settings),
    );
  const arrived = (page: Page) =>
    page.waitForFunction(() => ((globalThis as Partial<Shown>).playLesson?.scene ?? null) !== null);
  const runMade = (page: Page) => page.waitForFunction(() => (globalThis as Shown).playLesson.present.isDone);
  /** The present scene, without the pictures, which are compared by their sum. */
  const sceneOn = (page: Page) =>
    page.evaluate(() =>
      JSON.stringify((globalThis as Shown).playLesson.scene, (_, value: unknown) =>
        value instanceof Float32Array ? value.join(" ") : value,
      ),
    );
  const textOf = (scene: PlayScene): string =>
    JSON.stringify(scene, (_, value: unknown) => (value instanceof Float32Array ? value.join(" ") : value));

  describe("its numbers", () => {
    it("are the library's, to the last bit: scores of all tries, and scenes with words at all levels", async () => {
      const page = await playground("&stage=again");
      await runMade(page);
      const scores = await page.evaluate(() => (globalThis as Shown).playLesson.present.scores);
      expect(scores).toEqual(run.scores);
      for (const number of [1, 37, 121, 400]) {
        await page.evaluate((to) => {
          (globalThis as Shown).playLesson.moveTo(to);
        }, number);
        await tryShown(page, number);
        const scene = await run.look(number);
        expect(await sceneOn(page)).toBe(textOf(scene));
        for (const level of levels) {
          await page.check(`.words input[value=${level}]`, { force: true });
          const words = (await page.textContent(".words p"))?.trim();
          expect(words).toBe(plainWordsFor(scene, "Again", level));
        }
      }
    });

    it("of a point go through the network and back, down to one multiplication", async () => {
      const page = await playground("&stage=blame&try=60");
      await tryShown(page, 60);
      const at = await page.evaluate(() => {
        const { points, view } = (globalThis as Shown).playLesson.scene!;
        return [points[33].x / view, points[33].y / view];
      });
      const box = (await page.locator(".picture canvas").boundingBox())!;
      const side = Math.min(box.width, box.height);
      await page.mouse.click(
        box.x + (box.width - side) / 2 + (side * (at[0] + 1)) / 2,
        box.y + (box.height - side) / 2 + (side * (1 - at[1])) / 2,
      );
      await page.waitForFunction(() => (globalThis as Shown).playLesson.scene?.pass.point === 33);
      const { pass } = await run.look(60, 33);
      const { link, blame } = await page.evaluate(() => {
        const { playLesson } = globalThis as Shown;
        return { link: playLesson.link!, blame: playLesson.scene!.pass.blame };
      });
      expect(blame).toEqual(pass.blame);
      const sum = await page.textContent("#why .sum");
      expect(sum).toContain(`= ${blame[link.layer].weights[link.neuron][link.from] < 0 ? "−" : "+"}`);
      await page.click("text=Prove it");
      await page.waitForSelector(".proof mark");
      const { slope } = await run.prove(60, link);
      expect(await page.evaluate(() => (globalThis as Shown).playLesson.proof!.proof.slope)).toBe(slope);
    });

    it("of a neuron are enlarged when it is pointed at, focused or chosen", async () => {
      const page = await playground("&stage=attempt&try=50");
      await tryShown(page, 50);
      await page.focus('#net [data-mark="n1-3"]');
      await page.waitForFunction(() => (globalThis as Shown).playLesson.enlarged?.neuron === 3);
      expect(await page.textContent(".picture figcaption")).toContain("neuron 3 of layer 1 says");
      await page.keyboard.press("Enter");
      expect(await page.textContent("#why h2")).toContain("neuron 3 of layer 1");
      await page.keyboard.press("Escape");
      await page.focus("#main");
      const at = await page.getAttribute('#net [data-mark="n2-5"]', "data-at");
      const [x, y] = at!.split(" ").map(Number);
      await page.hover("#net canvas", { position: { x, y } });
      await page.waitForFunction(() => (globalThis as Shown).playLesson.enlarged?.layer === 2);
      await page.hover(".knobs h2");
      expect(await page.evaluate(() => (globalThis as Shown).playLesson.enlarged)).toBeNull();
    });
  });

  describe("a run", () => {
    it("gives the same bytes when a try is looked at again after scrubbing, and goes on", async () => {
      const page = await playground();
      await runMade(page);
      for (const number of [390, 3, 17, 1, 255]) {
        const [made, recorded, next] = await page.evaluate(async (n) => {
          const { playLesson } = globalThis as Shown;
          return [
            await playLesson.look(n),
            await playLesson.recorded(n),
            await playLesson.recorded(n + 1),
          ] as const;
        }, number);
        expect(made.fingerprint).toBe(recorded);
        expect(made.step!.fingerprint).toBe(next);
        expect(next).toBe(run.recorded(number + 1));
      }
      await page.keyboard.press("End");
      await tryShown(page, 400);
      await page.keyboard.press("Shift+ArrowRight");
      await tryShown(page, 401);
      await page.keyboard.press("Home");
      await tryShown(page, 1);
    });

    it("forks from any try, and its worker may die", async () => {
      const page = await playground("&try=20");
      await tryShown(page, 20);
      await page.focus("main");
      await page.keyboard.press("f");
      await page.fill("dialog[open] input", "0.1");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (globalThis as Shown).playLesson.runs.length === 2);
      await runMade(page);
      const forked = await PlayRun.begin({ ...usual, learningRate: 0.1 }, { run, try: 20 });
      for (let made = 0; made < 50; made++) await forked.step();
      const scores = () => page.evaluate(() => (globalThis as Shown).playLesson.present.scores.slice(0, 50));
      expect(await scores()).toEqual(forked.scores);
      await page.evaluate(() => {
        const { playLesson } = globalThis as Shown;
        playLesson.scene = null;
        playLesson.crash();
      });
      await tryShown(page, 20);
      expect(await page.textContent(".toast")).toContain("bit for bit");
      await runMade(page);
      expect(await scores()).toEqual(forked.scores);
      // The link has the fork, too.
      expect(page.url()).toContain("forks=20.adamw.0.1");
      await reload(page);
      await arrived(page);
      await tryShown(page, 20);
      await runMade(page);
      expect(await scores()).toEqual(forked.scores);
    });

    it("begins again with the same initial weights, or with other ones", async () => {
      const page = await playground("&try=5");
      await tryShown(page, 5);
      const first = () => page.evaluate(() => (globalThis as Shown).playLesson.recorded(1));
      const before = await first();
      await page.selectOption('select[aria-label="Optimizer"]', "sgd");
      await tryShown(page, 1);
      expect(await first()).toBe(before);
      await page.click("text=Same start");
      await tryShown(page, 1);
      expect(await first()).toBe(before);
      await page.click("text=New start");
      await page.waitForFunction(() => (globalThis as Shown).playLesson.scene?.settings.seed === 2);
      expect(await first()).not.toBe(before);
    });

    it("plays, and stops at the touch of a key", async () => {
      const page = await playground();
      await page.selectOption(".timeline select", "max");
      await page.focus("main");
      await page.keyboard.press("Space");
      await page.waitForFunction(() => (globalThis as Shown).playLesson.try > 20);
      await page.keyboard.press("Space");
      expect(await page.textContent(".timeline .button--main")).toContain("Play");
    });
  });

  describe("what it is built of", () => {
    it("is changed by blocks, and is in the link", async () => {
      const page = await playground("&data=circles&noise=0.1&try=9&stage=mistake");
      await page.click("text=+ layer");
      await page.selectOption('select[aria-label="Activation of layer 3"]', "relu");
      await page.selectOption('select[aria-label="Neurons of layer 1"]', "3");
      await page.click('button[aria-label="Remove layer 2"]');
      await page.waitForFunction(
        () => (globalThis as Shown).playLesson.scene?.layers[1]?.activation === "relu",
      );
      expect(new URL(page.url()).search).toBe(
        "?lesson=playground&data=circles&noise=0.1&layers=3tanh,8relu&stage=mistake",
      );
      await reload(page);
      await arrived(page);
      const settings = await page.evaluate(() => (globalThis as Shown).playLesson.settings);
      expect(settings.layers).toEqual([
        { width: 3, activation: "tanh" },
        { width: 8, activation: "relu" },
      ]);
    });

    it("can fail in four ways, with something to look at and a way out", async () => {
      const page = await playground();
      for (const { id, look, out, settings, mended, try: number } of failureScenes) {
        await page.click(`[data-failure=${id}]`);
        await settled(page, settings);
        await tryShown(page, number);
        expect(await page.textContent(".look")).toContain(look);
        const expected = await PlayRun.begin(settings);
        for (let made = 0; made < number; made++) await expected.step();
        expect(await sceneOn(page)).toBe(textOf(await expected.look(number)));
        await page.click(`text=${out}`);
        await settled(page, mended);
      }
    });
  });

  describe("points of one's own", () => {
    it("are painted by pointer, learned, and in the link", async () => {
      const page = await playground();
      await page.click("text=✎ Paint");
      await page.click("text=Clear");
      const box = (await page.locator(".picture canvas").boundingBox())!;
      const stroke = async (from: number, to: number, height: number) => {
        await page.mouse.move(box.x + from * box.width, box.y + height * box.height);
        await page.mouse.down();
        await page.mouse.move(box.x + to * box.width, box.y + height * box.height, { steps: 12 });
        await page.mouse.up();
      };
      await stroke(0.2, 0.8, 0.3);
      await page.check(".picture input[value=orange]", { force: true });
      await stroke(0.2, 0.8, 0.7);
      const painted = await page.evaluate(() => (globalThis as Shown).playLesson.painted!);
      expect(painted.length).toBeGreaterThan(10);
      expect(painted.every(({ y, label }) => y > 0 === (label === 1))).toBe(true);
      await page.click("text=Learn these points");
      await page.waitForFunction(
        () => (globalThis as Shown).playLesson.scene?.settings.data.own !== undefined,
      );
      await runMade(page);
      const { own } = await page.evaluate(() => (globalThis as Shown).playLesson.settings.data);
      expect(own).toEqual(painted);
      await reload(page);
      await arrived(page);
      expect(await page.evaluate(() => (globalThis as Shown).playLesson.settings.data.own)).toEqual(painted);
    });

    it("are painted by keys alone", async () => {
      const page = await playground();
      await tabTo(page, ".knobs button:has-text('Paint')").catch(() => page.focus("text=✎ Paint"));
      await page.keyboard.press("Enter");
      await page.click("text=Clear");
      await page.focus("text=By keyboard");
      await page.keyboard.press("Enter");
      for (const key of [
        "ArrowUp",
        "ArrowUp",
        "Enter",
        "c",
        "Shift+ArrowDown",
        "ArrowLeft",
        "Enter",
        "ArrowRight",
        "Enter",
        "Delete",
      ])
        await page.keyboard.press(key);
      const painted = await page.evaluate(() => (globalThis as Shown).playLesson.painted!);
      expect(painted.map(({ label }) => label)).toEqual([1]);
      await page.keyboard.press("Escape");
      expect(await page.evaluate(() => (globalThis as Shown).playLesson.painted)).toBeNull();
    });

    const flowers = [
      "long,wide,tall,kind",
      ...Array.from(
        { length: 60 },
        (_, i) => `${5 + (i % 7) / 10},${1 + i / 20},${i},${["rose", "aster", "lily"][i % 3]}`,
      ),
    ].join("\n");

    it("come from a file: two columns of numbers, and a label", async () => {
      const page = await playground();
      // Dropped on the page; the other files are chosen.
      await page.evaluate((text) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], "flowers.csv", { type: "text/csv" }));
        document.querySelector("main")?.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
      }, flowers);
      await page.selectOption("dialog[open] select[name=y]", "tall");
      await page.selectOption("dialog[open] select[name=blue]", "lily");
      await page.click("dialog[open] >> text=Learn these points");
      await page.waitForFunction(() => (globalThis as Shown).playLesson.scene?.points.length === 60);
      const { points, trainingPoints } = await page.evaluate(() => (globalThis as Shown).playLesson.scene!);
      expect(points.filter(({ label }) => label === 1)).toHaveLength(20);
      expect(trainingPoints).toBe(48);
      expect(points[0].y).toBeCloseTo(-0.95, 2);
      expect(await page.textContent(".toast")).toContain(
        "60 points of flowers.csv: across long, up tall; blue is kind lily",
      );
    });

    it("are refused with a sentence if the file is hostile, and nothing of it is run", async () => {
      const page = await playground();
      await page.click("text=CSV…");
      const buffer = Buffer.from("<img src=x onerror=alert(1)>,b\n1,<script>\n");
      const file = { name: "<b>odd</b>.csv", mimeType: "text/csv", buffer };
      await page.setInputFiles("dialog[open] input[type=file]", file);
      await page.waitForSelector("dialog[open] [role=alert]");
      expect(await page.textContent("dialog[open] [role=alert]")).toContain(
        "<b>odd</b>.csv has 0 columns of numbers that differ; expected at least two",
      );
      expect(await page.locator("dialog img, dialog b").count()).toBe(0);
    });
  });

  describe("a link", () => {
    it("leads back to the place it was made from", () => {
      const settings: ForkedSettings = {
        data: {
          shape: "xor",
          noise: 0.2,
          seed: 7,
          own: [
            { x: -1, y: 1, label: 0 },
            { x: 0.25, y: -0.5, label: 1 },
          ],
        },
        layers: [{ width: 1, activation: "gelu" }],
        optimizer: "momentum",
        learningRate: 0.00001,
        seed: 4294967295,
        scale: 0,
        shift: -8,
        forks: [
          { try: 20, optimizer: "sgd", learningRate: 0.3 },
          { try: 4000, optimizer: "adam", learningRate: 0.00001 },
        ],
      };
      const many = Array.from({ length: 300 }, (_, i) => ({
        x: i / 300,
        y: -i / 600,
        label: (i % 2) as 0 | 1,
      }));
      for (const one of [
        usual,
        settings,
        { ...settings, layers: [], data: { ...settings.data, own: many } },
      ]) {
        const place: Place<ForkedSettings> = {
          lesson: "playground",
          settings: one,
          try: 9,
          stage: "blame",
          level: "maths",
        };
        const back = readAddress(addressOf(place));
        expect(JSON.parse(JSON.stringify(back))).toEqual(JSON.parse(JSON.stringify({ place })));
      }
    });

    it.each([
      ["layers=9tanh", "expected up to 4 layers"],
      ["layers=8tanh,8tanh,8tanh,8tanh,8tanh", "expected up to 4 layers"],
      ["layers=8eval", "expected up to 4 layers"],
      ["points=b0000", "expected up to 300 points"],
      ["points=<script>", "expected up to 300 points"],
      ["rate=0", "expected a learning rate from 0.00001 to 100"],
      ["noise=9", "expected noise from 0 to 0.4"],
      ["data=__proto__", "expected one of spirals"],
      ["optimizer=constructor", "expected one of sgd"],
      ["scale=1e9", "expected a factor from 0 to 100"],
      ["forks=20.adam.101", "expected up to 8 forks"],
      ["forks=0.adam.1", "expected up to 8 forks"],
      ["forks=20.toString.1", "expected up to 8 forks"],
      ["momentum=0.9", "“momentum”, which this page does not know"],
    ])("that is hostile is refused with a sentence: %s", (query, sentence) => {
      const read = readAddress(`?lesson=playground&${query}`);
      expect("refused" in read ? read.refused.join(" ") : "").toContain(sentence);
    });
  });

  it("gives the network away: as TypeScript, safetensors, JSON and CSV", async () => {
    const page = await playground("&try=3");
    await tryShown(page, 3);
    await page.click("text=Take home…");
    expect(await page.textContent("dialog[open] pre")).toContain("number <= 3");
    const saved: Record<string, Buffer> = {};
    for (const name of ["TypeScript", "safetensors", "JSON", "CSV"]) {
      const waiting = page.waitForEvent("download");
      await page.click(`dialog[open] >> text="${name}"`);
      const download = await waiting;
      saved[download.suggestedFilename()] = await readFile(await download.path());
    }
    expect(Object.keys(saved)).toEqual([
      "playground.ts",
      "playground.safetensors",
      "playground.json",
      "playground.csv",
    ]);
    expect(saved["playground.safetensors"].equals(await run.safetensors(3))).toBe(true);
    expect(saved["playground.csv"].toString().split("\n")[3]).toContain(`3,${run.scores[2].mistake},`);
  });

  describe("everyone", () => {
    it("can finish the lesson by keyboard alone", async () => {
      const page = await playground();
      for (const { id } of stages) {
        await page.waitForSelector(`main.${id}`);
        if (id === "attempt") {
          await tabTo(page, '[data-mark="n1-2"]');
          await page.keyboard.press("Enter");
          expect(await page.textContent("#why h2")).toContain("neuron 2 of layer 1");
          await tabTo(page, 'button[aria-label="Next point"]');
          await page.keyboard.press("Enter");
          await page.waitForFunction(() => (globalThis as Shown).playLesson.point !== null);
          await page.focus("main");
        }
        if (id === "blame") {
          await page.focus("main");
          await page.keyboard.press("p");
          await page.waitForSelector(".proof mark");
        }
        await page.focus("main");
        await page.keyboard.press("ArrowRight");
      }
      await tryShown(page, 2);
    });

    it("has what axe asks for, on every screen", async () => {
      const page = await playground("&try=30", { reducedMotion: "reduce" });
      await tryShown(page, 30);
      const findings: string[] = [];
      for (const { id } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).playLesson.goTo(stage);
        }, id);
        findings.push(...(await findingsOfAxe(page)).map((finding) => `${id}: ${finding}`));
      }
      await page.click("text=✎ Paint");
      findings.push(...(await findingsOfAxe(page)).map((finding) => `paint: ${finding}`));
      await page.click("text=Cancel");
      await page.click("text=Take home…");
      findings.push(...(await findingsOfAxe(page)).map((finding) => `take home: ${finding}`));
      await page.keyboard.press("Escape");
      await page.click("[data-failure=dead]");
      await page.waitForSelector(".look");
      findings.push(...(await findingsOfAxe(page)).map((finding) => `dead: ${finding}`));
      expect(findings).toEqual([]);
    });

    it("sees all of it at widths of 320, 768 and 1440", async () => {
      const page = await playground("&try=30", { reducedMotion: "reduce" });
      await tryShown(page, 30);
      for (const [width, height] of windows) {
        // prettier-ignore
        await page.setViewportSize({ width, height });
        for (const { id } of stages) {
          await page.evaluate((stage) => {
            (globalThis as Shown).playLesson.goTo(stage);
          }, id);
          expect(await withoutRoom(page), `${width} ${id}`).toEqual([]);
        }
        await page.click("text=✎ Paint");
        expect(await withoutRoom(page), `${width}, painting`).toEqual([]);
        await page.click("text=Cancel");
      }
    });

    it("sees every stage and every failure at 1440 × 900 without scrolling, in Kid's words", async () => {
      const page = await playground("&try=121", { reducedMotion: "reduce" });
      await tryShown(page, 121);
      const tall: string[] = [];
      const measure = async (name: string) => {
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        if (height > 900) tall.push(`${name}: ${height}`);
      };
      for (const { id } of stages) {
        await page.evaluate((stage) => {
          (globalThis as Shown).playLesson.goTo(stage);
        }, id);
        await measure(id);
      }
      await page.click("text=✎ Paint");
      await measure("paint");
      for (const { id, settings } of failureScenes) {
        await page.click(`[data-failure=${id}]`);
        await settled(page, settings);
        await measure(id);
      }
      expect(tall).toEqual([]);
    });
  });

  it("says how large and how quick it is", async () => {
    const bytes = await scriptBytes(site, "?lesson=playground", ".words .num");
    const page = await site.open("?lesson=playground&try=400");
    await page.waitForSelector(".words .num");
    const shown = await page.evaluate(() => performance.now());
    const longTasks = await noteLongTasks(page);
    await tryShown(page, 400);
    await page.evaluate(() => {
      const { playLesson } = globalThis as Shown;
      playLesson.player.speed = "max";
      playLesson.begin(playLesson.settings);
      playLesson.player.play();
    });
    await page.waitForFunction(() => (globalThis as Shown).playLesson.try > 60);
    const long = await longTasks();
    console.log(
      `Playground: ${(bytes.page / 1000).toFixed(1)} kB of script, ${(bytes.workers / 1000).toFixed(1)} kB in its worker; first picture after ${shown.toFixed(0)} ms; ` +
        `tasks above 50 ms while it trains and plays: ${long}.`,
    );
    expect(bytes.page).toBeGreaterThan(0);
  });
});
