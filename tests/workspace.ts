import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";

/** The root of the workspace. */
export const root = join(import.meta.dirname, "..");

/** The folders of the packages that are published. */
export const publicFolders = readdirSync(join(root, "packages"))
  .map((name) => `packages/${name}`)
  .filter((folder) => existsSync(join(root, folder, "package.json")));

/** The folders of all packages, public and private. */
export const folders = [...publicFolders, "apps/trainer", "bench", "docs", "examples", "tests"];

/** Reads a JSON file of the workspace, comments allowed. */
export function readJson(file: string): unknown {
  const result: { config?: unknown; error?: ts.Diagnostic } = ts.readConfigFile(join(root, file), (path) =>
    readFileSync(path, "utf8"),
  );
  if (result.error !== undefined) throw new Error(`${file}: ${JSON.stringify(result.error.messageText)}`);
  return result.config;
}
