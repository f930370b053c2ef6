import type { Server } from "node:http";

import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

import { buildPage } from "../../serve/build.js";
import { listen, staticServer } from "../../serve/static-server.js";
import { builtOnce } from "../../testing/built-once.js";
import { notePictureWords } from "./unreadable.js";

/** The Chromium of this machine, which `vitest.config.ts` looks for; null if there is none. */
export const chromiumPath = process.env["CHROMIUM_PATH"] || null;

if (chromiumPath === null) {
  if (process.env["STARGRAD_BROWSER"] === "required") {
    throw new Error("The tests of the page must run here, but no Chromium was found");
  }
  console.warn(
    "No Chromium was found, so the tests of the page are skipped. Install one, or set CHROMIUM_PATH to run them.",
  );
}

/**
 * With the first two, Chromium loads two pages of its own, for the address bar, beside every page that a test opens. Chromium takes only one
 * such list, so this one has to repeat what Playwright's own list has for tests like these.
 */
const disabledFeatures = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
] as const;

/** The page as it is published, on two hosts: in a sub-folder without isolation, and isolated at the root. */
export interface Site {
  readonly folder: string;
  readonly plain: string;
  readonly isolated: string;
  readonly browser: Browser;
  open(query: string, options?: OpenOptions): Promise<Page>;
  close(): Promise<void>;
}

export interface OpenOptions extends BrowserContextOptions {
  readonly isolated?: boolean;
  /** Called with the page while it is still empty. */
  readonly onPage?: (page: Page) => void;
}

/** Serves the page, and starts one browser for all tests of a file. The first one of all files builds it. */
export async function openSite(): Promise<Site> {
  const folder = await builtOnce("page", buildPage);
  const servers: Server[] = [
    staticServer(folder, { base: "/some/folder/", headers: {} }),
    staticServer(folder, { base: "/" }),
  ];
  const [plainPort, isolatedPort] = await Promise.all(servers.map((server) => listen(server, 0)));
  const [plain, isolated] = [
    `http://localhost:${plainPort}/some/folder/`,
    `http://localhost:${isolatedPort}/`,
  ];
  const browser = await chromium.launch({
    executablePath: chromiumPath ?? "",
    // Not every machine supports Chromium's sandbox, and the page is our own.
    chromiumSandbox: false,
    args: [
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--disable-features=${disabledFeatures.join(",")}`,
    ],
  });
  return {
    folder,
    plain,
    isolated,
    browser,
    open: async (query, { isolated: isIsolated = false, onPage, ...options } = {}) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      // Nothing is timed: the limit is for what hangs, and a little below that of a test, so that the message says what was waited for.
      context.setDefaultTimeout(240_000);
      await notePictureWords(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => {
        throw error;
      });
      onPage?.(page);
      await page.goto((isIsolated ? isolated : plain) + query);
      await arrived(page);
      return page;
    },
    close: async () => {
      await browser.close();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** Loads the page again. */
export async function reload(page: Page): Promise<void> {
  await page.reload();
  await arrived(page);
}

/** A lesson is a script of its own, which arrives after the page. */
async function arrived(page: Page): Promise<void> {
  await page.waitForSelector("main");
}

/** Waits until a try of the star is on the screen. */
export async function tryShown(page: Page, number: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      // The page sets it for its tests; the types of a page do not know it.
      const { starLesson } = globalThis as unknown as { starLesson?: { scene: { number: number } | null } };
      return starLesson?.scene?.number === wanted;
    },
    number,
    { polling: 20 },
  );
}
