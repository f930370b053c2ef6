import { build } from "esbuild";

// esbuild follows no `new Worker(new URL(…))`, so the worker is an entry of its own.
await build({
  entryPoints: { main: "../page.js", worker: "../worker.js" },
  outdir: "dist",
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
});
