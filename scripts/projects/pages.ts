import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

import { chromium } from "playwright-core";

import { rowOf, type Report, type Row } from "./report.js";

// Plain Node scripts have no types.
const { findChromium } = (await import(new URL("../find-chromium.mjs", import.meta.url).href)) as {
  findChromium: () => string | null;
};

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

const page = `<!doctype html><script type="module" src="main.js"></script>`;

/** Serves a folder, cross-origin isolated, so that workers can share memory. A folder without a page gets one that loads `main.js`. */
export async function serve(folder: string): Promise<{ readonly address: string; close(): void }> {
  const server = createServer(({ url = "/" }, response) => {
    const path = url === "/" ? "/index.html" : url;
    const headers = {
      "Content-Type": types[extname(path)] ?? "application/octet-stream",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    };
    readFile(join(folder, path)).then(
      (content) => response.writeHead(200, headers).end(content),
      () => {
        if (url === "/") response.writeHead(200, headers).end(page);
        else response.writeHead(404).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://localhost:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Opens a page in an installed Chromium, and trains on it and in its worker, also from a loader with workers. */
export async function trainInBrowser(project: string, address: string): Promise<Row[]> {
  const executablePath = findChromium();
  if (executablePath === null) {
    const engine = "skipped: no Chromium was found (CHROMIUM_PATH)";
    return [{ project, what: "a page, and its worker", engine, seconds: 0, problems: [] }];
  }
  // Not every machine supports Chromium's sandbox, and the pages are trusted.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`the page threw ${String(error)}`));
    page.on("console", (message) => {
      const { url } = message.location();
      // No project has an icon, which browsers request all the same.
      if (!["warning", "error"].includes(message.type()) || url.endsWith("/favicon.ico")) return;
      complaints.push(`the page printed: ${message.text()} (${url})`);
    });
    await page.goto(address);
    await page.waitForFunction("globalThis.fromLoaderInWorker !== undefined");
    const rows = [];
    for (const [call, what, threads] of [
      ["onPage", "a page", false],
      ["inWorker", "a worker of a page", true],
      ["fromLoader", "a page, from workers of a loader", false],
      ["fromLoaderInWorker", "a worker of a page, from workers of a loader", false],
    ] as const) {
      const report = await page.evaluate<Report>(`${call}()`);
      const row = rowOf(project, what, report, { threads });
      rows.push({ ...row, problems: [...row.problems, ...complaints.splice(0)] });
    }
    return rows;
  } finally {
    await browser.close();
  }
}
