import { StargradError } from "@stargrad/tensor";

import { reasonOf } from "./fail.js";

/**
 * The paths of all files in a folder of Node and in its sub-folders, with `/` between their parts.
 *
 * Throws: StargradError outside Node, and if the folder cannot be read
 */
export async function listFiles(folder: string, called: string): Promise<string[]> {
  // Looked up at run time instead of imported, because a bundler for the browser cannot resolve the import.
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    throw new StargradError(
      called,
      "there are no folders here",
      "Pass the list of files that people have chosen",
    );
  }
  const { readdir, stat } = process.getBuiltinModule("node:fs/promises");
  try {
    const found: string[] = [];
    for (const path of await readdir(folder, { recursive: true })) {
      if ((await stat(`${folder}/${path}`)).isFile()) found.push(path.replaceAll("\\", "/"));
    }
    return found;
  } catch (cause) {
    throw new StargradError(called, `cannot read the folder: ${reasonOf(cause)}`, "Check the path", {
      cause,
    });
  }
}
