import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { root } from "./public-api.js";

/*
 * The site as it is built for a sub-folder, in a browser that reaches nothing but it. With STARGRAD_SCREENS, a picture of each page, width and
 * theme is written to that folder. While you change styles, STARGRAD_SITE names the folder of a site that is built already:
 *
 *     npm run docs -- --base /stargrad/ --outDir FOLDER
 */

const base = "/stargrad/";
const required = process.env.STARGRAD_BROWSER === "required";
const executablePath = process.env.CHROMIUM_PATH ?? "";
const screens = process.env.STARGRAD_SCREENS;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

const pages = [
  "index.html",
  "learn/start.html",
  "learn/back-propagation.html",
  "guides/coming-from-pytorch.html",
  "reference/index.html",
  "reference/nn/Linear.html",
  "reference/pytorch.html",
  "decisions/0001-lazy-graph.html",
];

function buildInto(folder: string): void {
  const script = join(root, "docs", "scripts", "main.ts");
  const build = [script, "build", "--base", base, "--outDir", folder];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "--import", "tsx", ...build],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stdout + stderr);
}

it("finds a Chromium where one is required", () => {
  expect(required && executablePath === "").toBe(false);
});

describe.skipIf(executablePath === "")("the site, in a sub-folder", () => {
  const built = process.env.STARGRAD_SITE;
  const folder = built ?? mkdtempSync(join(tmpdir(), "site-"));
  let server: Server;
  let browser: Browser;
  let origin = "";

  // The build takes a minute and a half of one core, and longer beside other work.
  beforeAll(async () => {
    if (built === undefined) buildInto(folder);
    server = createServer(({ url = "/" }, response) => {
      const { pathname } = new URL(url, "http://site");
      const file = join(
        folder,
        pathname.startsWith(base) ? decodeURIComponent(pathname.slice(base.length)) : "outside",
      );
      const path = pathname.endsWith("/") ? join(file, "index.html") : file;
      if (!existsSync(path)) return response.writeHead(404).end();
      return response
        .writeHead(200, { "content-type": types[extname(path)] ?? "text/plain" })
        .end(readFileSync(path));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  }, 1_800_000);

  afterAll(async () => {
    await browser.close();
    server.close();
    if (built === undefined) rmSync(folder, { recursive: true });
  });

  /** Opens a page, and collects what goes wrong: requests to others, answers other than success, errors. */
  async function open(path: string) {
    const page = await browser.newPage();
    const problems: string[] = [];
    const scripts: string[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== "data:") problems.push(`asks for ${request.url()}`);
      if (url.pathname.endsWith(".js")) scripts.push(url.pathname.slice(base.length));
    });
    page.on("response", (response) => {
      if (response.status() >= 400) problems.push(`${response.status()} for ${response.url()}`);
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(`${origin}${base}${path}`, { waitUntil: "networkidle" });
    return { page, problems, scripts };
  }

  /** Waits until colours are no longer half-way from one theme to the other. */
  async function settled(page: Page): Promise<void> {
    await page.evaluate(async () => {
      const transitions = document.getAnimations().filter((one) => one instanceof CSSTransition);
      await Promise.allSettled(transitions.map(({ finished }) => finished));
    });
  }

  async function findingsOfAxe(page: Page): Promise<string[]> {
    return page.evaluate(async (script) => {
      (0, eval)(script);
      // The script of axe-core sets it.
      const { axe: checker } = globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await checker.run({
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
      });
      return violations.map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes[0]?.html ?? ""}`);
    }, axe);
  }

  /** What is wider than the window and does not scroll by itself. */
  async function cutOff(page: Page): Promise<string[]> {
    return page.evaluate(() =>
      document.documentElement.scrollWidth <= document.documentElement.clientWidth
        ? []
        : [
            `${document.documentElement.scrollWidth} px in a window of ${document.documentElement.clientWidth}`,
          ],
    );
  }

  it.each(pages)("%s works without any other server, has room, and axe finds nothing", async (path) => {
    const { page, problems } = await open(path);
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1440, 768, 320]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 900 });
        await page.waitForSelector(colorScheme === "dark" ? "html.dark" : "html:not(.dark)");
        await settled(page);
        const found = [...problems, ...(await cutOff(page)), ...(await findingsOfAxe(page))];
        if (screens !== undefined) {
          mkdirSync(screens, { recursive: true });
          const name = `${path.replaceAll("/", "-").replace(".html", "")}-${width}-${colorScheme}.png`;
          await page.screenshot({ path: join(screens, name) });
        }
        expect(found, `${path} at ${width} px, ${colorScheme}`).toEqual([]);
      }
    }
    await page.close();
  });

  it("loads at most 100 kB of script for the first page, gzipped", async () => {
    const { page, scripts } = await open("index.html");
    const bytes = scripts.map((script) => gzipSync(readFileSync(join(folder, script))).length);
    const total = bytes.reduce((sum, each) => sum + each, 0);
    console.log(`the first page loads ${(total / 1000).toFixed(1)} kB of script in ${scripts.length} files`);
    expect(scripts.length).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(100_000);
    await page.close();
  });

  it("finds randint, and its arguments", async () => {
    const { page, problems } = await open("index.html");
    await page.keyboard.press("Control+k");
    await page.fill("#localsearch-input", "randint");
    await page.waitForSelector(".VPLocalSearchBox .result");
    await page.locator(".VPLocalSearchBox .result").first().click();
    await page.waitForURL(/randint/);
    await page.waitForSelector("text=high");
    expect(await page.textContent("main")).toContain("Integers in [low, high), int32.");
    expect(problems).toEqual([]);
    await page.close();
  });
});
