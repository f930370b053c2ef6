import { readdirSync } from "node:fs";
import { basename } from "node:path";

import { configDefaults, defineConfig } from "vitest/config";

const folders = [
  ...readdirSync("packages").map((name) => `packages/${name}`),
  "apps/trainer",
  "bench",
  "scripts",
  "tests",
];

/**
 * Packages whose test files share what they import: each leaves global state (the engine, mocks) as it found it, and to load
 * the same modules again for every file costs more than most files' tests. Elsewhere tests look at memory, threads or the
 * process, which have to be their own.
 */
const sharing = new Set([
  "graph",
  "compiler",
  "codegen",
  "tensor",
  "autograd",
  "nn",
  "optim",
  "io",
  "datasets",
  "explain",
]);

/** What takes long, or needs more than Node, has tests of its own: `npm run conformance` runs those. */
function filesIn(mode: string) {
  const long = "**/*.long.test.ts";
  return mode === "long"
    ? { include: [long] }
    : { include: ["**/*.test.ts"], exclude: [...configDefaults.exclude, long] };
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
      test: { name: basename(folder), isolate: !sharing.has(basename(folder)), ...filesIn(mode) },
    })),
  },
}));
