import { readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";

/** The root of the workspace. */
export const root = join(import.meta.dirname, "..", "..");

/** The public packages that declare something of their own, in the order of the layers; `stargrad` only re-exports them. */
export const packageNames: readonly string[] = [
  ...readFileSync(join(root, "tsconfig.json"), "utf8").matchAll(/"packages\/(\w+)"/g),
]
  .map(([, name = ""]) => name)
  .filter((name) => name !== "stargrad");

export const doorOf = (name: string): string => join(root, "packages", name, "src", "index.ts");

/** A TypeScript program over the public doors, with the options of `tsconfig.reference.json` except for the given ones. */
export function readProgram(changed: ts.CompilerOptions = {}): ts.Program {
  const file = join(root, "docs", "tsconfig.reference.json");
  const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, "docs"));
  return ts.createProgram(packageNames.map(doorOf), { ...options, ...changed });
}

/** A name that a package exports, or a member of a namespace that it exports, as `schedules.cosine`. */
export interface PublicName {
  readonly package: string;
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly declaration: ts.Declaration;
  /** The text of its docstring; empty if it has none. */
  readonly documentation: string;
}

/** Every public name, in the package that declares it: `tensor` re-exports some names of `graph`, which are listed once. */
export function publicNames(program: ts.Program): PublicName[] {
  const checker = program.getTypeChecker();
  return packageNames.flatMap((name) => {
    const door = program.getSourceFile(doorOf(name));
    const module = door && checker.getSymbolAtLocation(door);
    if (module === undefined) throw new Error(`${doorOf(name)} exports nothing`);
    return namesOf(checker, name, module, "");
  });
}

function namesOf(checker: ts.TypeChecker, folder: string, module: ts.Symbol, prefix: string): PublicName[] {
  return checker.getExportsOfModule(module).flatMap((exported): PublicName[] => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declaration = symbol.declarations?.[0];
    if (declaration === undefined)
      throw new Error(`${folder} exports ${exported.name}, which nothing declares`);
    if (ts.isSourceFile(declaration)) return namesOf(checker, folder, symbol, `${prefix}${exported.name}.`);
    if (!declaration.getSourceFile().fileName.startsWith(join(root, "packages", folder) + "/")) return [];
    const documentation = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    return [{ package: folder, name: prefix + exported.name, symbol, declaration, documentation }];
  });
}

/** Whether a name has no docstring. The name of an option's type says what it is, if each option has a docstring of its own. */
export function isUndocumented({ name, declaration, documentation }: PublicName): boolean {
  if (documentation !== "") return false;
  if (!/Options$/.test(name)) return true;
  return (
    ts.isInterfaceDeclaration(declaration) &&
    declaration.members.some((member) => ts.getJSDocCommentsAndTags(member).length === 0)
  );
}
