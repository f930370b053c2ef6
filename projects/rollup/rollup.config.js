import { nodeResolve } from "@rollup/plugin-node-resolve";

// Rollup follows no `new Worker(new URL(…))`, so each worker is an entry of its own.
export default {
  input: {
    main: "../page.js",
    worker: "../worker.js",
    "loading.worker": "../loading.worker.js",
    "items.worker": "../items.worker.js",
  },
  output: { dir: "dist", format: "es", entryFileNames: "[name].js" },
  plugins: [nodeResolve({ browser: true })],
};
