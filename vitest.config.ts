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

/** What takes long, or needs more than Node, has tests of its own: `npm run conformance` runs those. */
function filesIn(mode: string) {
  const long = "**/*.long.test.ts";
  return mode === "long"
    ? { include: [long] }
    : { include: ["**/*.test.ts"], exclude: [...configDefaults.exclude, long] };
}

export default defineConfig(({ mode }) => ({
  cacheDir: "node_modules/.cache/vite",
  // Workspace packages resolve to their `src`, so tests need no build. Tests run as Vite's server code, which keeps a
  // list of its own; the names after `source` are Vite's defaults.
  ssr: { resolve: { conditions: ["source", "module", "node", "development|production"] } },
  test: {
    // Threads start faster than processes; by default one core would stay idle, which is half of a small machine.
    pool: "threads",
    maxWorkers: "100%",
    // Nothing is timed: the limit is for what hangs, also on a machine that does other things besides.
    testTimeout: 60_000,
    projects: folders.map((folder) => ({
      extends: true,
      root: folder,
      test: { name: basename(folder), ...filesIn(mode) },
    })),
  },
}));
