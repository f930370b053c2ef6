import { join } from "node:path";

import ts from "typescript";

import { readJson, root } from "./workspace.js";

/**
 * The language service of TypeScript, as in an editor, for the given sources by path, with the options of this folder except for
 * the given ones.
 */
export function startLanguageService(
  sources: ReadonlyMap<string, string>,
  changed: ts.CompilerOptions = {},
): ts.LanguageService {
  const { options } = ts.parseJsonConfigFileContent(
    readJson("tests/tsconfig.json"),
    ts.sys,
    join(root, "tests"),
  );
  return ts.createLanguageService({
    getCompilationSettings: () => ({ ...options, ...changed }),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [...sources.keys()],
    getScriptVersion: () => "",
    getScriptSnapshot: (file) => {
      const text = sources.get(file) ?? ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    fileExists: (file) => sources.has(file) || ts.sys.fileExists(file),
    readFile: (file) => sources.get(file) ?? ts.sys.readFile(file),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
  });
}
