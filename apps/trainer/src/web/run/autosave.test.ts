import { readFileSync } from "node:fs";

import type { BrowserContext, Page } from "playwright-core";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { chromiumPath, openSite, type Site } from "../testing/browser.js";
import type { SaveOutcome } from "./autosave.js";

// In a worker of a real browser: states are arrays of one byte each, so that a mixture of two would show.

const source = readFileSync(new URL("autosave.ts", import.meta.url), "utf8");
const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
const script = `${ts.transpileModule(source, { compilerOptions: options }).outputText.replaceAll("export ", "")}
  const autosave = new Autosave("test");
  onmessage = async ({ data: [what, value, size] }) => {
    if (what === "save") postMessage(await autosave.save(new Uint8Array(size).fill(value)));
    if (what === "clear") postMessage((await autosave.clear()) ?? null);
    if (what === "load") {
      const bytes = await autosave.load();
      postMessage(bytes && { size: bytes.length, value: bytes[0], isWhole: bytes.every((byte) => byte === bytes[0]) });
    }
  };`;

interface Loaded {
  readonly size: number;
  readonly value: number;
  readonly isWhole: boolean;
}

type Shown = typeof globalThis & { worker: Worker };

describe.skipIf(chromiumPath === null)("Autosave", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });

  afterEach(async () => {
    await Promise.all(site.browser.contexts().map((context) => context.close()));
  });

  afterAll(async () => {
    await site.close();
  });

  /** Starts a worker in a page, in place of the one before. `before` runs in it first. */
  const start = async (page: Page, before = ""): Promise<void> => {
    await page.evaluate((text) => {
      const shown = globalThis as Shown;
      shown.worker = new Worker(URL.createObjectURL(new Blob([text])));
    }, before + script);
  };
  const open = async (context?: BrowserContext, before = ""): Promise<Page> => {
    const page = await (context ?? (await site.browser.newContext())).newPage();
    await page.goto(`${site.plain}assets/`).catch(() => undefined);
    await start(page, before);
    return page;
  };
  const ask = (page: Page, ...message: (string | number)[]): Promise<unknown> =>
    page.evaluate((asked) => {
      const { worker } = globalThis as Shown;
      return new Promise((resolve) => {
        worker.onmessage = ({ data }) => {
          resolve(data);
        };
        worker.postMessage(asked);
      });
    }, message);
  const save = async (page: Page, value: number, size = 1000): Promise<SaveOutcome> =>
    (await ask(page, "save", value, size)) as SaveOutcome;
  const load = async (page: Page): Promise<Loaded | null> => (await ask(page, "load")) as Loaded | null;
  const saved = { isSaved: true, notice: null };

  it("returns the last state, also after a reload, and nothing once it was cleared", async () => {
    const page = await open();
    expect(await load(page)).toBeNull();
    for (const value of [1, 2, 3]) expect(await save(page, value, 100 * value)).toEqual(saved);
    expect(await load(page)).toEqual({ size: 300, value: 3, isWhole: true });

    await page.reload();
    await start(page);
    expect(await load(page)).toEqual({ size: 300, value: 3, isWhole: true });
    expect(await save(page, 4, 40)).toEqual(saved);
    await page.reload();
    await start(page);
    expect(await load(page)).toEqual({ size: 40, value: 4, isWhole: true });
    await ask(page, "clear");
    await page.reload();
    await start(page);
    expect(await load(page)).toBeNull();
  });

  it("has a whole state when the worker is killed while it saves", async () => {
    const page = await open();
    const size = 4_000_000;
    await save(page, 1, size);
    let last = 1;
    for (let value = 2; value < 14; value++) {
      await page.evaluate(
        async ([state, bytes, wait]) => {
          const { worker } = globalThis as Shown;
          worker.postMessage(["save", state, bytes]);
          await new Promise((resolve) => setTimeout(resolve, wait));
          worker.terminate();
        },
        [value, size, 3 * (value - 2)],
      );
      await start(page);
      const state = await load(page);
      expect(state).toMatchObject({ size, isWhole: true });
      // A worker that is ended may finish the write that it is in, also after this was read.
      expect(state?.value).toBeGreaterThanOrEqual(last);
      expect(state?.value).toBeLessThanOrEqual(value);
      last = state!.value;
    }
    expect(await save(page, 99)).toEqual(saved);
    expect((await load(page))?.value).toBe(99);
  });

  it.each([0, 8, 16, 500])("ignores a file of which only %i bytes were written", async (bytes) => {
    const page = await open();
    for (const value of [1, 2]) await save(page, value);
    await page.evaluate(async (length) => {
      const folder = await navigator.storage.getDirectory();
      const handle = await folder.getFileHandle("test.1.save");
      const whole = await (await handle.getFile()).arrayBuffer();
      const file = await handle.createWritable();
      await file.write(whole.slice(0, length));
      await file.close();
    }, bytes);
    await page.reload();
    await start(page);
    expect((await load(page))?.value).toBe(1);
    await save(page, 5);
    expect((await load(page))?.value).toBe(5);
  });

  it("keeps the run of the first of two tabs, says so once, and passes on when it is closed", async () => {
    const first = await open();
    await save(first, 1);
    const second = await open(first.context());
    const notice = "Another tab of this lesson is open, and only its run is saved.";
    expect(await save(second, 2)).toEqual({ isSaved: false, notice });
    expect(await save(second, 2)).toEqual({ isSaved: false, notice: null });
    await ask(second, "clear");
    expect((await load(first))?.value).toBe(1);
    await first.close();
    await expect.poll(() => save(second, 3)).toEqual(saved);
    expect((await load(second))?.value).toBe(3);
  });

  it.each([
    ["there are no files", `Object.defineProperty(navigator, "storage", { value: undefined });`],
    [
      "files are refused",
      `navigator.storage.getDirectory = async () => { throw new DOMException("", "SecurityError"); };`,
    ],
    ["files cannot be written", "FileSystemFileHandle.prototype.createSyncAccessHandle = undefined;"],
  ])("says once that nothing is saved where %s, and goes on", async (_, before) => {
    const page = await open(undefined, before);
    const notice = "This browser keeps no files for this page, so a reload begins the run again.";
    expect(await load(page)).toBeNull();
    expect(await save(page, 1)).toEqual({ isSaved: false, notice });
    expect(await save(page, 2)).toEqual({ isSaved: false, notice: null });
    await ask(page, "clear");
    expect(await load(page)).toBeNull();
  });

  it("keeps the state before when there is no space left, and says so once", async () => {
    const page = await open();
    await save(page, 1);
    const full = `FileSystemSyncAccessHandle.prototype.write = () => { throw new DOMException("", "QuotaExceededError"); };`;
    await page.reload();
    await start(page, full);
    const notice = "The browser has no space left for this page, so this run is no longer saved.";
    expect(await save(page, 2)).toEqual({ isSaved: false, notice });
    expect(await save(page, 3)).toEqual({ isSaved: false, notice: null });
    expect((await load(page))?.value).toBe(1);
  });
});
