import { build } from "esbuild";

// esbuild follows no `new Worker(new URL(…))`, so each worker is an entry of its own.
await build({
  entryPoints: {
    main: "../page.js",
    worker: "../worker.js",
    "loading.worker": "../loading.worker.js",
    "items.worker": "../items.worker.js",
  },
  outdir: "dist",
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
});
