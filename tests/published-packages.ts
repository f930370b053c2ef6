import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { publicFolders, readJson, root } from "./workspace.js";

/** As in tsup.config.ts. */
const entries = ["index", "internal", "default-engine", "no-default-engine"];

/**
 * Installs packages in the node_modules of a folder as they are published, and returns the source files that are in each file of
 * theirs, one after another.
 */
export async function installPublished(
  folder: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<string[]> {
  const sources: string[] = [];
  for (const from of publicFolders) {
    const name = from.replace("packages/", "");
    if (!isWanted(name)) continue;
    const to = join(folder, "node_modules", name === "stargrad" ? name : `@stargrad/${name}`);
    mkdirSync(to, { recursive: true });
    cpSync(join(root, from, "package.json"), join(to, "package.json"));
    installDependencies(from, folder);
    const { metafile } = await build({
      entryPoints: entries
        .map((entry) => join(root, from, "src", `${entry}.ts`))
        .filter((file) => existsSync(file)),
      outdir: join(to, "dist"),
      splitting: true,
      metafile: true,
      bundle: true,
      packages: "external",
      external: ["#*"],
      format: "esm",
      target: "es2022",
    });
    for (const { inputs } of Object.values(metafile.outputs)) sources.push(...Object.keys(inputs));
  }
  return sources;
}

/** Installs what a package depends on, other than packages of this repository. */
function installDependencies(from: string, folder: string): void {
  const { dependencies = {} } = readJson(`${from}/package.json`) as { dependencies?: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    const to = join(folder, "node_modules", name);
    if (name.startsWith("@stargrad/") || existsSync(to)) continue;
    symlinkSync(realpathSync(join(root, from, "node_modules", name)), to, "junction");
  }
}
