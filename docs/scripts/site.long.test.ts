import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
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

const { programsIn, promises } = (await import(
  pathToFileURL(join(root, "scripts", "documented-programs.mjs")).href
)) as {
  programsIn: (
    text: string,
  ) => { code: string; runs: boolean; needsNode: boolean; module: string | undefined }[];
  promises: (code: string) => Map<number, string>;
};

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
  "learn/generative.html",
  "learn/explaining-a-step.html",
  "guides/browser-training.html",
  "benchmarks.html",
  "comparison.html",
  "roadmap.html",
  "guides/coming-from-pytorch.html",
  "reference/index.html",
  "reference/nn/Linear.html",
  "reference/pytorch.html",
  "decisions/0001-lazy-graph.html",
];

/** The pages whose programs run in the page. */
const livePages = ["index.md", ...readdirSync(join(root, "docs", "learn")).map((name) => `learn/${name}`)];

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

  /** Runs a program of a page, and waits until it has ended. */
  async function runIn(page: Page, index: number) {
    const program = page.locator("live-program").nth(index);
    await program.getByRole("button", { name: "Run" }).click();
    const status = program.getByRole("status");
    await expect.poll(() => status.textContent(), { timeout: 120_000 }).toMatch(/^(Done|Failed|Stopped)/);
    const said = await program.locator(".output pre").evaluateAll((lines) =>
      lines.map((line) => ({
        level: line.getAttribute("class"),
        line: Number(line.dataset["line"]) - 1,
        text: line.textContent,
      })),
    );
    return { program, status: (await status.textContent()) ?? "", said };
  }

  it.each(livePages)("the programs of %s print in the page what they promise", async (file) => {
    const { page, problems } = await open(file.replace(".md", ".html"));
    const programs = programsIn(readFileSync(join(root, "docs", file), "utf8")).filter(
      ({ runs, module }) => runs || module !== undefined,
    );
    expect(await page.locator("live-program").count()).toBe(programs.length);
    for (const [index, { code, needsNode, module }] of programs.entries()) {
      if (module !== undefined) continue;
      if (needsNode) {
        const program = page.locator("live-program").nth(index);
        expect(await program.getByRole("button", { name: "Run" }).count()).toBe(0);
        expect(await program.getByText("needs Node").count()).toBe(1);
        continue;
      }
      const { said } = await runIn(page, index);
      expect(
        said.filter(({ level }) => level === "error"),
        `${file}, program ${index + 1}`,
      ).toEqual([]);
      const promised = promises(code);
      const printed = new Map<number, string>();
      for (const { level, line, text } of said) {
        if (level !== "log" || !promised.has(line)) continue;
        const before = printed.get(line);
        printed.set(line, before === undefined ? text : `${before}\n${text}`);
      }
      expect(printed, `${file}, program ${index + 1}`).toEqual(promised);
    }
    expect(problems).toEqual([]);
    expect(await findingsOfAxe(page)).toEqual([]);
    if (screens !== undefined && programs.length > 0) {
      mkdirSync(screens, { recursive: true });
      for (const [colorScheme, width] of [
        ["light", 1440],
        ["dark", 768],
        ["light", 320],
      ] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 900 });
        await page.locator("live-program").first().scrollIntoViewIfNeeded();
        await settled(page);
        await page.screenshot({
          path: join(screens, `live-${file.replace(/\W/g, "-")}-${width}-${colorScheme}.png`),
        });
      }
    }
    await page.close();
  });

  it("a program can be changed by keyboard, fails with the line, and is as it was after Reset", async () => {
    const { page, problems } = await open("learn/start.html");
    const program = page.locator("live-program").first();
    const code = program.locator("pre code");
    const before = await code.textContent();
    const change = async (to: string) => {
      await program.getByRole("button", { name: "Edit" }).click();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.insertText(to);
    };
    await change(
      'import { zeros, type Tensor } from "stargrad";\nconst x: Tensor = zeros([2, 3]);\nx.add(zeros([2]));',
    );
    const wrong = await runIn(page, 0);
    expect(wrong.status).toBe("Failed.");
    expect(wrong.said).toHaveLength(1);
    expect(wrong.said[0]?.text).toMatch(
      /^ShapeError: add: \[2, 3\] and \[2\] do not broadcast[^]*\n {4}at line 3$/,
    );
    expect(await findingsOfAxe(page)).toEqual([]);

    await change("const x: = 1;");
    expect((await runIn(page, 0)).said[0]?.text).toMatch(/^SyntaxError: .*\n {4}at line 1$/);
    await change('import "left-pad";');
    expect((await runIn(page, 0)).said[0]?.text).toContain('can import "stargrad"');
    await change('throw new Error("%d and on")');
    expect((await runIn(page, 0)).said[0]?.text).toBe("Error: %d and on\n    at line 1");

    await program.getByRole("button", { name: "Reset" }).click();
    expect(await code.textContent()).toBe(before);
    expect((await runIn(page, 0)).status).toMatch(/^Done/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("a program that never ends is stopped", async () => {
    const { page } = await open("learn/start.html");
    const program = page.locator("live-program").first();
    await program.getByRole("button", { name: "Edit" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText('console.log("on");\nwhile (true);');
    await program.getByRole("button", { name: "Run" }).click();
    await program.getByText("on", { exact: true }).waitFor();
    await program.getByRole("button", { name: "Stop" }).click();
    expect(await program.getByRole("status").textContent()).toBe("Stopped.");
    await expect.poll(() => page.workers(), { timeout: 60_000 }).toEqual([]);
    await page.close();
  });

  it("shows a lesson of the trainer when it is asked for, in the theme of the page", async () => {
    const { page, problems } = await open("learn/back-propagation.html");
    await page.emulateMedia({ colorScheme: "dark" });
    const lesson = page.locator("trainer-lesson");
    expect(page.frames()).toHaveLength(1);
    await lesson.getByRole("button", { name: "Open the lesson here" }).click();
    const frame = page.frameLocator("trainer-lesson iframe");
    await frame.locator('html[data-theme="dark"]').waitFor();
    await frame.locator("h1").first().waitFor();
    await page.evaluate(() => {
      document.documentElement.classList.remove("dark");
    });
    await frame.locator('html[data-theme="light"]').waitFor();
    expect(await lesson.getByRole("link", { name: "Open it alone" }).getAttribute("href")).toContain(
      "?lesson=star",
    );
    expect(problems).toEqual([]);
    if (screens !== undefined) {
      await lesson.scrollIntoViewIfNeeded();
      await page.screenshot({ path: join(screens, "lesson.png") });
    }
    await page.close();
  });
});
