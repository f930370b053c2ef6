import { fileURLToPath } from "node:url";

import { build } from "vite";

/** The folder of this app. */
export const app = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** Builds the page to a folder that works from any host. */
export async function buildPage(outDir: string): Promise<void> {
  await build({
    root: app,
    configFile: `${app}/vite.config.ts`,
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  });
}
