import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { BrowserContext, Page } from "playwright-core";

import type { Site } from "./browser.js";

// What is true of every lesson: it can be used by keyboard, axe finds nothing, nothing is cut off, and it is small.

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The windows in which every screen has room, as width and height. */
export const windows = [
  [320, 640],
  [768, 1024],
  [1440, 900],
] as const;

/** What axe finds against WCAG 2.2 AA and its own best practice on the screen as it is, in light and in dark. */
export async function findingsOfAxe(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForSelector(`html[data-theme=${colorScheme}]`, { state: "attached" });
    const findings = await page.evaluate(
      async ({ script, tags }) => {
        // Colours half-way from one theme to the other are nobody's; a transition that is replaced by another rejects.
        const transitions = document.getAnimations().filter((one) => one instanceof CSSTransition);
        await Promise.allSettled(transitions.map(({ finished }) => finished));
        if (!("axe" in globalThis)) (0, eval)(script);
        // The script of axe-core sets it.
        const { axe } = globalThis as unknown as {
          axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const { violations } = await axe.run({ runOnly: tags });
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
      },
      { script: axe, tags: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    );
    found.push(...findings.map((finding) => `${colorScheme}: ${finding}`));
  }
  return found;
}

/** The elements that reach beyond the right edge of the window, but for those that scroll by themselves. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("body *")]
      .filter((element) => element.closest(".visually-hidden, .scroll, pre, .skip, dialog") === null)
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
      .map((element) => element.outerHTML.slice(0, 80)),
  );
}

/**
 * The words that cannot be read: two texts that lie on each other, in the page or in a picture, and a text that its own box or picture cuts.
 * `notePictureWords` must have been called before the page was opened.
 */
export function unreadable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    interface Text {
      readonly says: string;
      readonly box: {
        readonly left: number;
        readonly right: number;
        readonly top: number;
        readonly bottom: number;
      };
    }
    // Letters do not fill the height of their line.
    const onEachOther = (a: Text, b: Text): boolean =>
      Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 2 &&
      Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 4;
    const pairs = (texts: readonly Text[]): string[] =>
      texts.flatMap((a, i) =>
        texts
          .slice(i + 1)
          .filter((b) => onEachOther(a, b))
          .map((b) => `“${a.says}” lies on “${b.says}”`),
      );
    const shortened = (words: string): string => words.replaceAll(/\s+/g, " ").trim().slice(0, 60);
    const faults: string[] = [];

    const texts: Text[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const says = shortened(node.textContent ?? "");
      const parent = node.parentElement;
      if (
        says === "" ||
        parent === null ||
        !parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })
      )
        continue;
      if (parent.closest(".visually-hidden, .skip, option, script, style") !== null) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const scrolls = parent.closest(".scroll, pre, dialog");
      for (const box of range.getClientRects()) {
        if (box.width < 1) continue;
        if (scrolls === null) texts.push({ says, box });
        const beyond =
          scrolls === null && (box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5);
        if (beyond) faults.push(`“${says}” is outside of the window`);
      }
    }
    faults.push(...pairs(texts));
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      if (element.closest(".visually-hidden, .scroll, pre, dialog") !== null || element.clientWidth === 0)
        continue;
      if (getComputedStyle(element).overflowX === "visible" || element.scrollWidth <= element.clientWidth + 1)
        continue;
      faults.push(`“${shortened(element.textContent)}” is cut by its box`);
    }

    // What notePictureWords notes.
    const { pictureWords } = globalThis as unknown as { pictureWords: WeakMap<HTMLCanvasElement, Text[]> };
    for (const canvas of document.querySelectorAll("canvas")) {
      const words = pictureWords.get(canvas) ?? [];
      const { clientWidth: width, clientHeight: height } = canvas;
      const name = canvas.getAttribute("aria-label")?.slice(0, 40) ?? "a picture";
      faults.push(...pairs(words).map((fault) => `${name}: ${fault}`));
      for (const { says, box } of words) {
        const isCut =
          box.left < -0.5 || box.right > width + 0.5 || box.top < -1.5 || box.bottom > height + 1.5;
        if (isCut) faults.push(`${name}: “${says}” is cut by the picture`);
      }
    }
    return [...new Set(faults)];
  });
}

/** What has no room on the screen as it is: elements that reach beyond the window, and words that cannot be read. */
export async function withoutRoom(page: Page): Promise<string[]> {
  return [...(await cutOff(page)), ...(await unreadable(page))];
}

/** Notes where pictures write words, so that `unreadable` finds those that lie on each other. For a page that is still empty. */
export async function notePictureWords(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    interface Text {
      readonly says: string;
      readonly box: {
        readonly left: number;
        readonly right: number;
        readonly top: number;
        readonly bottom: number;
      };
    }
    const noted = new WeakMap<HTMLCanvasElement, Text[]>();
    Object.assign(globalThis, { pictureWords: noted });
    const prototype = CanvasRenderingContext2D.prototype;
    // They are called as methods of the context below.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { fillText, clearRect } = prototype;
    prototype.clearRect = function (...box) {
      noted.set(this.canvas, []);
      clearRect.apply(this, box);
    };
    prototype.fillText = function (says, x, y, ...rest) {
      // The one renderer scales its context to CSS pixels, and does nothing else to it.
      const {
        actualBoundingBoxLeft: before,
        actualBoundingBoxRight: after,
        actualBoundingBoxAscent: above,
        actualBoundingBoxDescent: below,
      } = this.measureText(says);
      noted
        .get(this.canvas)
        ?.push({ says, box: { left: x - before, right: x + after, top: y - above, bottom: y + below } });
      fillText.call(this, says, x, y, ...rest);
    };
  });
}

/** Presses Tab until an element has the focus. Waits until there is one. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(selector, { state: "attached" });
  for (let presses = 0; presses < 90; presses++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${selector}`);
}

/** The bytes of script that a screen loads, gzipped: for the page, and for its workers beside it. */
export async function scriptBytes(
  site: Site,
  query: string,
  isThere: string,
): Promise<Record<"page" | "workers", number>> {
  const names = new Set<string>();
  const page = await site.open(query, {
    onPage: (empty) => {
      empty.context().on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.endsWith(".js")) names.add(pathname.slice(pathname.indexOf("/assets/") + 1));
      });
    },
  });
  await page.waitForSelector(isThere);
  const bytes = (ofWorkers: boolean): number =>
    [...names]
      .filter((name) => name.includes("/workers/") === ofWorkers)
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(site.folder, name))).length, 0);
  return { page: bytes(false), workers: bytes(true) };
}

/** What a trace says of one event. Times are in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/**
 * Traces the tasks of the page's main thread from now on. The function that is returned tells those above 50 ms, each with the time that
 * the processor gave to it: a task that waits for a busy machine is long as well. Windows of the browser itself are not counted.
 */
export async function noteLongTasks(page: Page): Promise<() => Promise<string>> {
  const browser = page.context().browser();
  if (browser === null) throw new Error("A page without a browser cannot be traced");
  // What Playwright puts into a page before it waits for the first time takes 40 ms, which are not the page's.
  await page.waitForSelector("html");
  await page.waitForFunction(() => true);
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await page.evaluate((name) => performance.mark(name), tracedPage);
  return async () => {
    // What the tracing of Chromium writes.
    const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
    const mark = trace.traceEvents.find(({ name }) => name === tracedPage);
    if (mark === undefined) throw new Error("The trace does not contain the page that was traced");
    const tasks = trace.traceEvents.filter(
      (event) => event.ph === "X" && event.name.endsWith("RunTask") && threadOf(event) === threadOf(mark),
    );
    const long = tasks.filter(({ dur = 0 }) => dur > 50_000);
    const milliseconds = (time = 0): string => (time / 1000).toFixed(0);
    const listed = long
      .map(({ dur, tdur }) => `${milliseconds(dur)} (${milliseconds(tdur)} of the processor)`)
      .join(", ");
    const most = tasks.reduce((largest, { tdur = 0 }) => Math.max(largest, tdur), 0);
    return `${listed || "none"}; the most that one of ${tasks.length} tasks took of the processor: ${milliseconds(most)} ms`;
  };
}

/** The mark in a trace by which the main thread of the page is found. */
const tracedPage = "stargrad: the page that is traced";
