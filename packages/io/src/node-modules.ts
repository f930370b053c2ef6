import { StargradError } from "@stargrad/tensor";

/**
 * Node's built-in modules. They are looked up at run time instead of imported, because a bundler for the browser cannot
 * resolve an import of them. In a file of its own, so that the declarations of the public door need no types of Node.
 *
 * Throws: StargradError outside Node
 */
export function nodeModules(called: string) {
  // Bundlers for the browser provide a `process` without modules.
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    throw new StargradError(called, "there is no file system here", "Encode and decode bytes instead");
  }
  return {
    files: process.getBuiltinModule("node:fs/promises"),
    path: process.getBuiltinModule("node:path"),
    os: process.getBuiltinModule("node:os"),
  };
}
