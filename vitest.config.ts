import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setFlagsFromString } from "node:v8";

import { configDefaults, defineConfig } from "vitest/config";

import { findChromium } from "./scripts/find-chromium.mjs";

// V8 11 (Node 20) optimizes functions so early that optimizing takes a third of the time of short tests. Later versions wait
// about as long as this by themselves, and no longer have this flag.
if (process.versions.node.startsWith("20.")) setFlagsFromString("--interrupt-budget=1000000");

const folders = [
  ...readdirSync("packages").map((name) => `packages/${name}`),
  "apps/trainer",
  "bench",
  "docs",
  "scripts",
  "tests",
];

/**
 * Packages whose test files share what they import: each leaves global state (the engine, mocks) as it found it, and to load
 * the same modules again for every file costs more than most files' tests. Elsewhere tests look at the memory, threads or
 * state of the whole process, which have to be their own.
 */
const sharing = new Set([
  "graph",
  "compiler",
  "codegen",
  "wasm",
  "tensor",
  "autograd",
  "jit",
  "nn",
  "optim",
  "io",
  "datasets",
  "explain",
  "train",
  "trainer",
]);

/**
 * `npm run conformance` runs what takes long or needs more than Node (`--mode long`): the files `*.long.test.ts`, and all cases of the
 * files that otherwise test a sample.
 */
function filesIn(mode: string, folder: string) {
  const long = "**/*.long.test.ts";
  return mode === "long"
    ? { include: [long, ...samplingFiles(folder)] }
    : { include: ["**/*.test.ts"], exclude: [...configDefaults.exclude, long] };
}

/** The test files that have a larger number of cases in the long suite: they import `sampled` or `sized`. */
function samplingFiles(folder: string): string[] {
  const source = existsSync(`${folder}/src`) ? "src/" : "";
  return readdirSync(`${folder}/${source}`, { recursive: true, encoding: "utf8" })
    .map((path) => source + path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".test.ts") && !path.includes("node_modules/"))
    .filter((path) => /import \{[^}]*\b(sampled|sized)\b/.test(readFileSync(`${folder}/${path}`, "utf8")));
}

/** Workspace packages resolve to their `src`, so tests need no build. The names after `source` are Vite's defaults. */
export const conditions = ["source", "module", "node", "development|production"];

export default defineConfig(({ mode }) => ({
  cacheDir: "node_modules/.cache/vite",
  // Tests run as Vite's server code, which keeps a list of its own.
  ssr: { resolve: { conditions } },
  test: {
    // Threads start faster than processes; by default one core would stay idle, which is half of a small machine.
    pool: "threads",
    maxWorkers: "100%",
    // Transformed modules are kept for the next run: transforming them takes longer than most files' tests.
    experimental: { fsModuleCache: true },
    // Nothing is timed: the limit is for what hangs, also on a machine that does other things besides. So no test has a
    // shorter one of its own.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // `npm run coverage`.
    coverage: {
      provider: "v8",
      include: ["packages/{autograd,compiler}/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/index.ts", "**/internal.ts", "**/testing/**"],
      reporter: ["text", "html"],
      reportsDirectory: "coverage",
    },
    projects: folders.map((folder) => ({
      extends: true,
      root: folder,
      test: {
        name: basename(folder),
        isolate: !sharing.has(basename(folder)),
        // Read by `sampled` and `sized` of @stargrad/graph/testing. Here, because what a project extends is read in mode "test".
        // The tests of the trainer's page need a Chromium.
        env: { STARGRAD_SUITE: mode === "long" ? "long" : "short", CHROMIUM_PATH: findChromium() ?? "" },
        ...(folder === "apps/trainer" && { globalSetup: "src/testing/built-once.ts" }),
        ...filesIn(mode, folder),
      },
    })),
  },
}));
