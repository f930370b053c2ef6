import { nodeModules } from "./node-modules.js";

/**
 * Makes a folder, and those that it is in, unless they are there. Node's own `recursive` tries for ever in a file system that is not for files,
 * such as /proc.
 *
 * Throws: the error of the operating system; StargradError outside Node
 */
export function makeFolder(path: string, called: string): void {
  const { path: paths } = nodeModules(called);
  const { mkdirSync, statSync } = process.getBuiltinModule("node:fs");
  const isThere = (folder: string): boolean => statSync(folder, { throwIfNoEntry: false }) !== undefined;
  const missing = [paths.resolve(path)];
  while (!isThere(paths.dirname(missing[0])) && paths.dirname(missing[0]) !== missing[0]) {
    missing.unshift(paths.dirname(missing[0]));
  }
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // It was there, or another process was faster. The root of a drive of Windows is refused in another way.
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    }
  }
}
