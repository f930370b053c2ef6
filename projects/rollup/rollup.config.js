import { nodeResolve } from "@rollup/plugin-node-resolve";

// Rollup follows no `new Worker(new URL(…))`, so the worker is an entry of its own.
export default {
  input: { main: "../page.js", worker: "../worker.js" },
  output: { dir: "dist", format: "es", entryFileNames: "[name].js" },
  plugins: [nodeResolve({ browser: true })],
};
