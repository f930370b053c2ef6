import { fileURLToPath } from "node:url";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defaultClientConditions, defineConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
  // Relative addresses: the folder works from any host and in any sub-folder.
  base: "./",
  cacheDir: fileURLToPath(new URL("../../node_modules/.cache/vite-app", import.meta.url)),
  plugins: [svelte({ compilerOptions: { runes: true } })],
  // The library from its sources, so that the page needs no other build.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  // Workers in a folder of their own: tests tell their scripts from the page's.
  worker: {
    format: "es",
    rolldownOptions: {
      output: {
        entryFileNames: "assets/workers/[name]-[hash].js",
        chunkFileNames: "assets/workers/[name]-[hash].js",
      },
    },
  },
  build: { target: "es2022", modulePreload: { polyfill: false } },
});
