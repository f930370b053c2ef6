import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSite, type Site } from "./site.js";
import type { ConformanceReport, DroppingReport, TrainingReport } from "./tasks.js";

// The WebAssembly engine in a real browser: the Chromium at CHROMIUM_PATH, which `npm run conformance` finds.

const eager = { eager: true };
const patience = { timeout: 300_000 };

let site: Site;
let browser: Browser;
/** The result of training on a page that allows everything. */
let unhindered: TrainingReport;

beforeAll(async () => {
  site = await openSite();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "",
    // Not every machine supports Chromium's sandbox, and the pages are trusted.
    chromiumSandbox: false,
  });
  unhindered = await run("isolated", "inWorker", "training", eager);
}, 60_000);

afterAll(async () => {
  await browser.close();
  site.close();
});

/** Opens a page of a folder, and runs a task on the page or in a worker. */
async function run<Report>(
  folder: string,
  where: "onPage" | "inWorker",
  task: string,
  options: object = {},
): Promise<Report> {
  const page = await browser.newPage();
  try {
    await page.goto(`${site.address}/${folder}/`);
    await page.waitForFunction("globalThis.inWorker !== undefined");
    return await page.evaluate<Report>(`${where}(${JSON.stringify(task)}, ${JSON.stringify(options)})`);
  } finally {
    await page.close();
  }
}

it("agrees with the reference engine on every case, and bit for bit on three threads", patience, async () => {
  const report = await run<ConformanceReport>("isolated", "inWorker", "conformance");
  expect(report.failures).toEqual([]);
  expect(report.threads).toBe(3);
  expect(report.cases).toBeGreaterThan(3000);
});

it("has threads in a worker of an isolated page, also under the strictest policy", async () => {
  expect(unhindered).toMatchObject({ engine: "wasm", notices: [], shared: true });
  expect(await run("strict", "inWorker", "training", eager)).toEqual(unhindered);
});

it.each([
  [
    "plain",
    "inWorker",
    /^Stargrad works on one thread: SharedArrayBuffer is missing\. Serve the page cross-origin/,
  ],
  ["isolated", "onPage", /^Stargrad works on one thread: the main thread of a page must not wait/],
  ["plain", "onPage", /^Stargrad works on one thread: SharedArrayBuffer is missing/],
  ["without-blobs", "inWorker", /^Stargrad works on one thread: the page's Content-Security-Policy forbids/],
] as const)("says once why it has one thread: %s, %s", async (folder, where, reason) => {
  const report = await run<TrainingReport>(folder, where, "training", eager);
  expect(report.notices).toEqual([expect.stringMatching(reason)]);
  expect(report).toMatchObject({ engine: "wasm", shared: false });
  expect(report.losses).toEqual(unhindered.losses);
});

it("prints no warning if the work is too small for threads", async () => {
  const report = await run<TrainingReport>("plain", "onPage", "training", { eager: false });
  expect(report).toMatchObject({ engine: "wasm", notices: [], shared: false });
});

it.each([
  ["without-wasm", "inWorker"],
  ["self-only", "inWorker"],
  ["self-only", "onPage"],
] as const)(
  "uses the reference engine if a policy forbids WebAssembly, and says what to allow: %s, %s",
  async (folder, where) => {
    const report = await run<TrainingReport>(folder, where, "training", { eager: false });
    expect(report.engine).toBe("reference");
    expect(report.notices).toEqual([
      expect.stringMatching(/^Stargrad computes with its reference engine.*'wasm-unsafe-eval' as script-src/),
    ]);
    expect(report.losses.at(-1)).toBeLessThan(report.losses[0]);
  },
);

it.each(["inWorker", "onPage"] as const)(
  "gives back models that were dropped, %s",
  patience,
  async (where) => {
    const { most } = await run<DroppingReport>("isolated", where, "dropping", { models: 500 });
    expect(most).toBeLessThan(512 * 2 ** 20);
  },
);

it("can be bundled without modules of Node", () => {
  for (const [name, text] of site.scripts) expect(text, name).not.toMatch(/from\s*"node:|import\(\s*"node:/);
});
