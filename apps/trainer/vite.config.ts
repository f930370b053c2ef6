import { fileURLToPath } from "node:url";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defaultClientConditions, defineConfig, type HtmlTagDescriptor, type Plugin } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

/** The page's own scripts are asked for by its HTML, beside the small one that would ask for them later. */
const preloadPage: Plugin = {
  name: "stargrad:preload-page",
  transformIndexHtml: {
    order: "post",
    handler: (_html, { bundle = {} }) => {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const page = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith("/web/mount.ts")));
      const needed = chunks.filter(
        (chunk) => !chunk.isEntry && (chunk === page || page?.imports.includes(chunk.fileName)),
      );
      const link = (rel: string, file: string): HtmlTagDescriptor => ({
        tag: "link",
        attrs: { rel, crossorigin: true, href: `./${file}` },
        injectTo: "head",
      });
      return needed.flatMap(({ fileName, viteMetadata }) => [
        link("modulepreload", fileName),
        ...[...(viteMetadata?.importedCss ?? [])].map((file) => link("stylesheet", file)),
      ]);
    },
  },
};

export default defineConfig({
  root: here,
  // Relative addresses: the folder works from any host and in any sub-folder.
  base: "./",
  cacheDir: fileURLToPath(new URL("../../node_modules/.cache/vite-app", import.meta.url)),
  plugins: [svelte({ compilerOptions: { runes: true } }), preloadPage],
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
