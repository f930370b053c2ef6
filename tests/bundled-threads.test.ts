import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type * as graph from "@stargrad/graph";
import type { WasmEngine } from "@stargrad/wasm";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

import { root } from "./workspace.js";

// The program of a thread is a function that arrives as text. Whatever a bundler makes of it, it must not refer to anything outside.

type Bundle = Pick<typeof graph, "createLeaf" | "createNode" | "HostStorage" | "runProgram"> & {
  readonly WasmEngine: typeof WasmEngine;
};

const contents = `
export { WasmEngine } from "@stargrad/wasm";
export { createLeaf, createNode, HostStorage, runProgram } from "@stargrad/graph";
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-threads-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ways: Readonly<Record<string, BuildOptions>> = {
  "as it is": {},
  minified: { minify: true },
  "with names kept": { keepNames: true },
  "minified, with names kept": { minify: true, keepNames: true },
  "for ES2020": { minify: true, target: "es2020" },
};

it.each(Object.keys(ways))("threads load and run programs in a bundle %s", async (way) => {
  const outfile = join(folder, `${way.replaceAll(/\W+/g, "-")}.mjs`);
  const stdin = { contents, resolveDir: join(root, "tests") };
  await build({ stdin, outfile, bundle: true, format: "esm", conditions: ["source"], ...ways[way] });
  const { WasmEngine, createLeaf, createNode, HostStorage, runProgram } = (await import(
    pathToFileURL(outfile).href
  )) as Bundle;
  const engine = new WasmEngine({ threads: 2, waitForThreads: true, leastWork: 0 });
  expect(await engine.startThreads()).toBe(2);
  const x = createLeaf([1000], "float32", new HostStorage(Float32Array.from({ length: 1000 }, (_, i) => i)));
  const [square] = runProgram(engine, [createNode("mul", [x, x], {})]);
  expect(square.readSync().slice(-2)).toEqual(Float32Array.of(998 * 998, 999 * 999));
  // A thread that has failed, at loading or at running, leaves one.
  expect(await engine.startThreads()).toBe(2);
  engine.dispose();
});
