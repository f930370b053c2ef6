// Reads the packages of the workspace, and all imports between their source files, with TypeScript's parser.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const skipped = new Set(["node_modules", "dist", ".turbo", "coverage", ".temp", "cache", "public"]);

/** The packages: folder, name, tag in the layer law, and whether other packages may import it. */
export function readPackages(root) {
  const below = (folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`) : [];
  const folders = [...below("packages"), ...below("apps"), "bench", "docs", "examples", "tests"];
  return folders
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => {
      const read = (file) =>
        ts.parseConfigFileTextToJson(file, readFileSync(join(root, folder, file), "utf8"));
      const { tags } = read("turbo.json").config;
      const { name, exports = {}, imports = {} } = read("package.json").config;
      const doors = new Map([[name, "src/index.ts"], ...sourcesOf(name, exports), ...sourcesOf("", imports)]);
      return { folder, name, tag: tags[0], isPublic: folder.startsWith("packages/"), doors };
    });
}

/**
 * Which source file each name in `exports` or `imports` of a package.json stands for: `@stargrad/x/internal`, say. Names that stand for a
 * library, such as `#csv-parse`, have none.
 */
function sourcesOf(name, entries) {
  return Object.entries(entries).flatMap(([path, { source }]) => {
    if (source === undefined) return [];
    const file = source.default ?? source;
    return [[name + path.replace(/^\./, ""), file.replace("./", "")]];
  });
}

/**
 * Every import from one file of the packages to another, once for each pair: `{ from, fromPackage, to, toPackage, isType }`.
 * `isType` means that no import remains at run time.
 */
export function readImports(root, packages) {
  const files = packages.flatMap(({ folder }) => sourceFiles(root, folder));
  const known = new Set(files);
  const packageOf = (file) => packages.find(({ folder }) => file.startsWith(`${folder}/`));
  return files.flatMap((from) => {
    const pairs = new Map();
    for (const { specifier, isType } of importsIn(from, readFileSync(join(root, from), "utf8"))) {
      const to = resolve(from, specifier, packages, known);
      if (to !== null) pairs.set(to, (pairs.get(to) ?? true) && isType);
    }
    return [...pairs].map(([to, isType]) => {
      return { from, fromPackage: packageOf(from), to, toPackage: packageOf(to), isType };
    });
  });
}

function sourceFiles(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : sourceFiles(root, path);
    return /\.(ts|mts|js|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** The imports and re-exports of a file, including `import()` and `import("…").Type`. */
function importsIn(file, text) {
  const found = [];
  const add = (name, isType) => {
    if (name !== undefined && ts.isStringLiteralLike(name)) found.push({ specifier: name.text, isType });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly === true);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

/** The file that a specifier names; `null` if it is not in the workspace. */
function resolve(from, specifier, packages, known) {
  const named = packages.find(
    ({ folder, doors }) =>
      doors.has(specifier) && (!specifier.startsWith("#") || from.startsWith(`${folder}/`)),
  );
  if (named !== undefined) return `${named.folder}/${named.doors.get(specifier)}`;
  if (!specifier.startsWith(".")) return null;
  const path = join(from, "..", specifier).replaceAll("\\", "/");
  return [path.replace(/\.js$/, ".ts"), path].find((candidate) => known.has(candidate)) ?? null;
}
