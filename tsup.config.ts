import { existsSync } from "node:fs";

import { defineConfig } from "tsup";

/** What stands for itself in `dist`: the doors of a package, and what `imports` in its package.json chooses between. */
const entries = ["index", "internal", "default-engine", "no-default-engine"];

/**
 * Every public package is built alike: each entry that it has to an ES module, and what several lead to, to a file that they share, so
 * that each source file is there once.
 */
export default defineConfig({
  entry: entries.map((name) => `src/${name}.ts`).filter((file) => existsSync(file)),
  // Names such as `#default-engine` are left to whoever runs or bundles the package, and to their conditions.
  external: [/^#/],
  format: "esm",
  target: "es2022",
  sourcemap: true,
  splitting: true,
  // A name that does not depend on what is in it, so that a build replaces the file of the one before.
  esbuildOptions(options) {
    options.chunkNames = "shared";
  },
  // tsup's own declarations break on TypeScript 6; `tsc -b` writes them, into the same dist, hence no `clean`.
  dts: false,
  clean: false,
});
