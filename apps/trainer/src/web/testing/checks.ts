import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Page } from "playwright-core";

import type { Site } from "./browser.js";
import { unreadable } from "./unreadable.js";

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

/** What has no room on the screen as it is: elements that reach beyond the window, and words that cannot be read. */
export async function withoutRoom(page: Page): Promise<string[]> {
  return [...(await cutOff(page)), ...(await unreadable(page))];
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
