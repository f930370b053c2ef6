import { existsSync } from "node:fs";

import { defineConfig } from "tsup";

/**
 * Every public package is built alike: each of its doors (`src/index.ts`, and `src/internal.ts` if it has one) to an ES module, and what
 * both lead to, to a file that they share, so that each source file is there once.
 */
export default defineConfig({
  entry: ["src/index.ts", "src/internal.ts"].filter((file) => existsSync(file)),
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
