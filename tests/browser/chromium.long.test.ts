import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSite, type Site } from "./site.js";
import { catsAndDogs } from "@stargrad/datasets";
import type {
  ConformanceReport,
  DroppingReport,
  LoadingReport,
  ReadingReport,
  TrainingReport,
} from "./tasks.js";

// The WebAssembly engine in a real browser: the Chromium at CHROMIUM_PATH, which `npm run conformance` finds.

/** A grey JPEG of 2 × 2 pixels. */
const jpegOfGrey = [
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wCEABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19i",
  "Z2hnPk1xeXBkeFxlZ2MBERISGBUYLxoaL2NCOEJjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj",
  "Y2NjY//AABEIAAIAAgMBEQACEQEDEQH/xAGiAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMFBQQEAAABfQEC",
  "AwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVm",
  "Z2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq",
  "8fLz9PX29/j5+gEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoLEQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIy",
  "gQgUQpGhscEJIzNS8BVictEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SF",
  "hoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+Tl5ufo6ery8/T19vf4+fr/2gAMAwEA",
  "AhEDEQA/ACgD/9k=",
].join("");

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

it.each(["inWorker", "onPage"] as const)("reads what people drop on a page, %s", async (where) => {
  // 2 × 2 pixels: red, green, blue, and a clear one.
  const png =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAE0lEQVR4nGP4z8DwHwyBNIhgAAA/0gX7yxemzgAAAABJRU5ErkJggg==";
  const report = await run<ReadingReport>("strict", where, "reading", { png, jpeg: jpegOfGrey });
  expect(report).toMatchObject({
    labels: [3, 8],
    table: [
      ["name", "category", 0, 1, 0, 1],
      ["value", "number", 1.5, NaN, 2, 3],
    ],
    refused:
      'FormatError: readCsv(b.csv): line 2, column 1: a quote is not closed. A field with quotes in it is written "like ""this"""',
    classes: ["cat", "dog"],
  });
  expect(report.damaged).toContain("FormatError: decodeImage: is a damaged PNG: ");
  expect(report.drawn).toEqual([...catsAndDogs({ samples: 2, seed: 5 }).all().x.dataSync()]);
  const [cat, dog] = [report.images.slice(0, 12), report.images.slice(12)];
  expect(cat).toEqual([1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]);
  for (const level of dog) expect(level).toBeCloseTo(0.5, 1);
});

describe.each(["inWorker", "onPage"] as const)("workers of a DataLoader, %s", (where) => {
  const load = (options: object) => run<LoadingReport>("strict", where, "loading", { items: 20, ...options });

  it("make the batches that are made without them, and end when the loop is left", async () => {
    const expected = await load({ workers: 0 });
    expect(expected.batches).toHaveLength(13);
    expect(expected).toMatchObject({ errors: [], most: 0 });
    expect(await load({ workers: 1 })).toEqual({ ...expected, most: 1 });
    expect(await load({ workers: 4 })).toEqual({ ...expected, most: 4 });
  });

  it.each<[object, string, string]>([
    [{ accident: "throw" }, "StargradError: itemDataset: item 5: torn page", "TypeError: torn page"],
    [
      { accident: "uncaught" },
      'StargradError: DataLoader: a worker has ended with "Uncaught Error: from a timer"',
      "undefined",
    ],
    [
      { file: "missing.js" },
      "StargradError: DataLoader: a worker has ended because its module, or one that it imports, could not be loaded before its dataset was there. Its module has to exist",
      "undefined",
    ],
  ])("say what went wrong: %o", async (options, message, cause) => {
    const { errors, left } = await load({ workers: 2, ...options });
    expect(errors).toEqual([expect.stringContaining(message), cause]);
    expect(left).toBe(0);
  });
});

it("can be bundled without modules of Node", () => {
  for (const [name, text] of site.scripts) expect(text, name).not.toMatch(/from\s*"node:|import\(\s*"node:/);
});
