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
  const isFolder = (folder: string): boolean => {
    try {
      return statSync(folder).isDirectory();
    } catch {
      return false;
    }
  };
  const missing = [paths.resolve(path)];
  while (!isFolder(paths.dirname(missing[0])) && paths.dirname(missing[0]) !== missing[0]) {
    missing.unshift(paths.dirname(missing[0]));
  }
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // It was there, or another process was faster. The root of a drive of Windows is refused in another way.
      if (!isFolder(folder)) throw error;
    }
  }
}
