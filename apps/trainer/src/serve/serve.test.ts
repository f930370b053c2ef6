import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";

import { afterAll, describe, expect, it } from "vitest";

import { reasonNotToOpen } from "./open-browser.js";
import { isolation, listen, staticServer } from "./static-server.js";

const folder = mkdtempSync(join(tmpdir(), "stargrad-serve-"));
writeFileSync(join(folder, "index.html"), "<p>here</p>");
writeFileSync(join(folder, "a b.js"), "1;");
const server = staticServer(folder, { base: "/sub/" });
const port = await listen(server, 0);

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string): Promise<Response> => fetch(`http://localhost:${port}${path}`);

describe("the server", () => {
  it("serves files with their types and the isolation headers", async () => {
    const response = await get("/sub/?lesson=star");
    expect(await response.text()).toBe("<p>here</p>");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const [name, value] of Object.entries(isolation)) expect(response.headers.get(name)).toBe(value);
    expect((await get("/sub/a%20b.js")).headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  it.each(["/", "/sub/none.js", "/sub/..%2f..%2fetc%2fpasswd", "/sub/%", "/other/"])(
    "does not find what is not in the folder: %s",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

describe("npm start", () => {
  it("says that a port is taken, and what to try", async () => {
    const flags = ["--conditions=source", "--import", "tsx", join(import.meta.dirname, "main.ts")];
    const child = spawn(process.execPath, [...flags, "--port", `${port}`, "--no-open"]);
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(errors).toBe(
      `stargrad: port ${port} is taken by another program. Try another one: npm start -- --port 4173\n`,
    );
    expect(status).toBe(1);
  });

  it("opens no browser where there is no display", () => {
    expect(reasonNotToOpen("linux", {})).toBe("there is no display");
    expect(reasonNotToOpen("linux", { DISPLAY: ":0" })).toBeNull();
    expect(reasonNotToOpen("darwin", {})).toBeNull();
  });
});
