import { cpSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { run } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const projects = join(root, "projects");

// Plain Node scripts have no types.
const { packAll } = (await import(new URL("../pack.mjs", import.meta.url).href)) as {
  packAll: () => Iterable<{ readonly name: string; readonly filename: string }>;
};

/** The names of all projects: those folders of `projects` that have a package.json. */
export const projectNames = readdirSync(projects, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/**
 * Copies projects into a new folder outside of this repository, and installs what their manifests name, and the packages of this
 * repository as they are packed for publication. The projects share one `node_modules`, as npm's workspaces do.
 */
export async function installProjects(names: readonly string[]): Promise<string> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "stargrad-projects-")));
  for (const entry of readdirSync(projects, { withFileTypes: true })) {
    if (entry.isDirectory() && !names.includes(entry.name)) continue;
    cpSync(join(projects, entry.name), join(folder, entry.name), { recursive: true });
  }
  await run("npm", ["run", "--silent", "build"], { cwd: root });
  const packages = Object.fromEntries([...packAll()].map(({ name, filename }) => [name, `file:${filename}`]));
  const manifest = { private: true, type: "module", workspaces: names, dependencies: packages };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // No install script runs, and none is needed: programs are in packages of their own for each platform.
  await run("npm", ["install", "--ignore-scripts", "--no-package-lock", ...quiet], { cwd: folder });
  return folder;
}
