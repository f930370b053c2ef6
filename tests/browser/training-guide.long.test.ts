import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { root } from "../workspace.js";

// The worker and the page of docs/guides/browser-training.md, with the headers and the policy that it names, in the Chromium at CHROMIUM_PATH.

const guide = readFileSync(join(root, "docs", "guides", "browser-training.md"), "utf8");
const [worker = "", page = ""] = [...guide.matchAll(/^```ts no-run\n([^]*?)^```$/gm)].map(([, code]) => code);
const headers = Object.fromEntries(
  [...guide.matchAll(/^((?:Cross-Origin|Content-Security)-[\w-]+): (.+)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]),
);

let server: Server;
let browser: Browser;
let address = "";

async function bundled(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: join(root, "tests"), loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["source"],
    write: false,
  });
  return outputFiles[0].text;
}

beforeAll(async () => {
  const files = new Map([
    ["/", `<!doctype html><body></body><script type="module" src="page.js"></script>`],
    ["/page.js", await bundled(page)],
    ["/worker.js", await bundled(worker)],
    ["/favicon.ico", ""],
  ]);
  server = createServer(({ url = "" }, response) => {
    const type = url.endsWith(".js") ? "text/javascript" : "text/html";
    response.writeHead(files.has(url) ? 200 : 404, { "Content-Type": type, ...headers }).end(files.get(url));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "",
    // Not every machine supports Chromium's sandbox, and the page is trusted.
    chromiumSandbox: false,
  });
});

afterAll(async () => {
  await browser.close();
  server.close();
});

/** The number of the last epoch that the page shows. */
const epochOf = async (opened: Page): Promise<number> =>
  Number(/epoch (\d+):/.exec((await opened.textContent("output")) ?? "")?.[1]);

it("trains, stops when it is asked to, and goes on after a reload", async () => {
  expect(Object.keys(headers)).toHaveLength(3);
  const opened = await browser.newPage();
  const notices: string[] = [];
  opened.on("console", (message) => notices.push(message.text()));
  opened.on("pageerror", (error) => notices.push(String(error)));

  await opened.goto(address);
  expect(await opened.evaluate("crossOriginIsolated")).toBe(true);
  await opened.getByText(/epoch [1-9]/).waitFor();
  await opened.getByRole("button", { name: "Stop" }).click();
  await opened.getByText("(over)").waitFor();
  const stoppedAt = await epochOf(opened);
  expect(stoppedAt).toBeGreaterThan(0);
  expect(stoppedAt).toBeLessThan(100);

  // The next visit ends all 100 epochs, and begins with the one that was stopped.
  await opened.addInitScript(() => {
    const shown: string[] = [];
    Object.assign(globalThis, { shown });
    new MutationObserver(() => shown.push(document.querySelector("output")?.textContent ?? "")).observe(
      document,
      {
        childList: true,
        subtree: true,
        characterData: true,
      },
    );
  });
  await opened.reload();
  await opened.getByText("(over)").waitFor();
  expect(await epochOf(opened)).toBe(100);
  const shown = await opened.evaluate<string[]>("shown");
  const first = Number(/epoch (\d+)/.exec(shown.find((text) => text.includes("epoch")) ?? "")?.[1]);
  expect(first).toBeGreaterThanOrEqual(stoppedAt);
  expect(first).toBeLessThanOrEqual(stoppedAt + 3);

  // A third visit has nothing left to do, and says so.
  expect(notices).toEqual([]);
  await opened.reload();
  await opened.getByText("(over)").waitFor();
  expect(notices).toEqual([expect.stringContaining("nothing is left to train")]);
});
