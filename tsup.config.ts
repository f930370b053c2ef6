import { defineConfig } from "tsup";

/** Every public package is built alike: `src/index.ts` to one ES module. */
export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  target: "es2022",
  sourcemap: true,
  // tsup's own declarations break on TypeScript 6; `tsc -b` writes them, into the same dist, hence no `clean`.
  dts: false,
  clean: false,
});
