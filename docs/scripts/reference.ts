import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { Application, PageEvent, ReflectionKind, type ProjectReflection, type Reflection } from "typedoc";
import { MemberRouter } from "typedoc-plugin-markdown";

import { siteLink } from "../.vitepress/links.js";
import {
  doorOf,
  isUndocumented,
  packageNames,
  publicNames,
  readProgram,
  root,
  type PublicName,
} from "./public-api.js";
import { pyTorchNames } from "./pytorch-names.js";

/*
 * The pages of the reference: one for each public name, one for each package, one that finds a name by that of PyTorch. TypeDoc reads
 * the declarations, `typedoc-plugin-markdown` writes the pages. What this file adds: the sections of a docstring become a list, options
 * become a table whether or not their type is exported, and members that a class inherits are a link instead of a copy.
 */

/** Writes the reference into a folder, which is replaced. Throws if an export has no docstring. */
export async function writeReference(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const program = readProgram();
  const names = publicNames(program);
  const undocumented = names.filter(isUndocumented).map((each) => `${each.package}: ${each.name}`);
  if (undocumented.length > 0) throw new Error(`No docstring:\n${undocumented.join("\n")}`);

  const app = await Application.bootstrapWithPlugins({
    name: "Reference",
    entryPoints: packageNames.map(doorOf),
    tsconfig: join(root, "docs", "tsconfig.reference.json"),
    plugin: ["typedoc-plugin-markdown"],
    logLevel: "Warn",
    // `npm run types` has checked them.
    skipErrorChecking: true,
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    readme: "none",
    ...settingsOfMarkdown,
    outputs: [{ name: "markdown", path: folder }],
  } as object);
  app.renderer.defineRouter("stargrad", FlatRouter);
  app.options.setValue("router", "stargrad");

  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the packages");
  nameModules(project);
  dropInherited(project, program, names);

  const bySymbol = new Map(names.map((each) => [pathOfName(each), each]));
  app.renderer.on(PageEvent.END, (page) => {
    const documented = page.isReflectionEvent() ? bySymbol.get(pathOf(page.model)) : undefined;
    const parts = [
      sectionsAsList(withoutNoise(page.contents ?? "")),
      ...(documented === undefined
        ? []
        : [optionTables(program, documented), inheritance(publicBase(program, names, documented))]),
    ];
    page.contents = parts.filter((part) => part !== "").join("\n\n");
  });
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("TypeDoc found faults; see above");

  for (const name of packageNames) writeFileSync(join(folder, name, "index.md"), packagePage(name, names));
  writeFileSync(join(folder, "index.md"), overview(names));
  writeFileSync(join(folder, "pytorch.md"), pyTorchNames(program, names, pageOf));
}

const settingsOfMarkdown = {
  hidePageHeader: true,
  hideBreadcrumbs: true,
  entryFileName: "index",
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  formatWithPrettier: false,
  pageTitleTemplates: { member: ({ rawName }: { rawName: string }) => rawName.replace(/<.*/, "") },
};

/** The file of each page, by the path of its name: names that differ only in case get different files. */
const files = new Map<string, string>();

/** `nn/Linear.md` instead of `nn/src/classes/Linear.md`. */
class FlatRouter extends MemberRouter {
  override getIdealBaseName(reflection: Reflection): string {
    const isFolder = reflection.kindOf([ReflectionKind.Module, ReflectionKind.Namespace]);
    return reflection.isProject() ? "index" : pathOf(reflection) + (isFolder ? "/index" : "");
  }

  protected override getFileName(path: string): string {
    const file = super.getFileName(path);
    files.set(path, file);
    return file;
  }
}

/** The address of a public name. TypeDoc gives one page to a name that several doors export. */
export function pageOf(documented: PublicName): string {
  const file =
    files.get(pathOfName(documented)) ??
    [...files].find(([path]) => path.split(/[/.]/).at(-1) === documented.name)?.[1];
  if (file === undefined) throw new Error(`${pathOfName(documented)} has no page`);
  return `/reference/${file}`;
}

/** A public name as a path: `nn/Linear`, `optim/schedules.cosine`. */
function pathOf(reflection: Reflection): string {
  const names: string[] = [];
  for (let each: Reflection | undefined = reflection; each && !each.isProject(); each = each.parent)
    names.unshift(each.name);
  return [names[0], names.slice(1).join(".")].filter(Boolean).join("/");
}

/** TypeDoc calls a module by its folder, `nn/src`. */
function nameModules(project: ProjectReflection): void {
  for (const module of project.children ?? []) module.name = module.name.replace(/\/src$/, "");
}

/** A hundred layers have the forty members of `Module`; their pages link to its page instead. */
function dropInherited(project: ProjectReflection, program: ts.Program, names: readonly PublicName[]): void {
  const classes = new Map(
    project
      .getReflectionsByKind(ReflectionKind.Class)
      .flatMap((each) => (each.isDeclaration() ? [[pathOf(each), each] as const] : [])),
  );
  const membersOf = new Map(
    [...classes].map(([path, { children = [] }]) => [path, new Set(children.map(({ name }) => name))]),
  );
  for (const [path, reflection] of classes) {
    const documented = names.find((each) => pathOfName(each) === path);
    const base = documented && publicBase(program, names, documented);
    const known = base && membersOf.get(pathOfName(base));
    const dropped = (reflection.children ?? []).filter(
      ({ name, inheritedFrom, kind }) =>
        inheritedFrom !== undefined && kind !== ReflectionKind.Constructor && known?.has(name) === true,
    );
    for (const member of dropped) project.removeReflection(member);
    for (const group of reflection.groups ?? [])
      group.children = group.children.filter((each) => !dropped.includes(each as never));
    if (reflection.groups)
      reflection.groups = reflection.groups.filter(({ children }) => children.length > 0);
  }
}

const labels = ["Shapes", "Units", "Init", "Defaults", "Throws", "Source"];
const section = new RegExp(`^(${labels.join("|")}): +(.*(?:\\n +.*)*)$`, "gm");

/** `Shapes: x [N] -> []` becomes an entry of a list; Markdown would join the lines of the sections to one paragraph. */
function sectionsAsList(page: string): string {
  return page.replaceAll(
    section,
    (_, label: string, text: string) => `- **${label}**: ${text.replaceAll(/\s*\n\s+/g, " ")}`,
  );
}

/** Leaves out what TypeDoc says of members that override others, and the rules between members. */
function withoutNoise(page: string): string {
  return page.replaceAll(/^#+ (Overrides|Inherited from)\n\n.*\n\n?/gm, "").replaceAll(/^\*\*\*\n\n/gm, "");
}

function cell(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll(/</g, "&lt;")
    .replaceAll("{{", "&#123;&#123;");
}

/** A type in a cell: as code, in which only the bar has a meaning. */
function code(text: string): string {
  return `<code v-pre>${cell(text).replaceAll(/([[\]*_`])/g, "\\$1")}</code>`;
}

/** The options of each function or constructor as a table, also those that it shares with others. */
function optionTables(program: ts.Program, { symbol, declaration }: PublicName): string {
  const checker = program.getTypeChecker();
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()];
  const rows = new Map<string, string>();
  for (const parameter of signatures.flatMap((signature) => signature.getParameters())) {
    if (!/^(options|settings)$/.test(parameter.name)) continue;
    const given = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, declaration));
    for (const alternative of given.isUnion() ? given.types : [given]) {
      for (const option of checker.getPropertiesOfType(alternative)) {
        const value = checker.getTypeOfSymbolAtLocation(option, declaration);
        const isOptional = (option.flags & ts.SymbolFlags.Optional) !== 0;
        const shown = checker.typeToString(
          isOptional ? checker.getNonNullableType(value) : value,
          declaration,
        );
        const text = cell(ts.displayPartsToString(option.getDocumentationComment(checker)));
        if (shown === "never" || rows.has(option.name)) continue;
        rows.set(
          option.name,
          `| \`${option.name}\`${isOptional ? "" : " (required)"} | ${code(shown)} | ${text} |`,
        );
      }
    }
  }
  if (rows.size === 0) return "";
  return ["## Options", "", "| option | type | meaning |", "| --- | --- | --- |", ...rows.values()].join(
    "\n",
  );
}

/** The nearest class that a class extends and that is public, too. */
function publicBase(
  program: ts.Program,
  names: readonly PublicName[],
  { symbol, declaration }: PublicName,
): PublicName | undefined {
  if (!ts.isClassDeclaration(declaration)) return undefined;
  const checker = program.getTypeChecker();
  let type = checker.getDeclaredTypeOfSymbol(symbol) as ts.BaseType | undefined;
  while (type !== undefined) {
    [type] = checker.getBaseTypes(type as ts.InterfaceType) as (ts.BaseType | undefined)[];
    const found = names.find((each) => each.symbol === type?.symbol);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A path of a public name: that of its page, without the ending. */
function pathOfName({ package: folder, name }: PublicName): string {
  return `${folder}/${name}`;
}

/** Where the members are that a class has from another. */
function inheritance(base: PublicName | undefined): string {
  return base === undefined ? "" : `## Inherited\n\nAlso has the members of ${linkTo(base)}.`;
}

function linkTo(documented: PublicName): string {
  return `[\`${documented.name}\`](${pageOf(documented)})`;
}

/** The first paragraph of a docstring, for a list. */
function firstSentence(documentation: string): string {
  const [paragraph] = documentation.replaceAll(section, "").trim().split("\n\n");
  return cell(/^[^]*?[.:](?= |\n|$)/.exec(paragraph)?.[0].replace(/:$/, ".") ?? paragraph);
}

/** The README of a package, and all that it exports. */
function packagePage(name: string, names: readonly PublicName[]): string {
  const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
  const linked = readme.replaceAll(/\]\(([^)\s]+)\)/g, (link, target: string) => {
    const there = siteLink(target, `packages/${name}/README.md`);
    return there === undefined ? link : `](${there})`;
  });
  const rows = names
    .filter((each) => each.package === name)
    .sort((a, b) => a.name.localeCompare(b.name, "en"))
    .map((each) => `| ${linkTo(each)} | ${kindOf(each)} | ${firstSentence(each.documentation)} |`);
  return [
    linked,
    "## Every export",
    "",
    "| name | kind | what it is |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function kindOf({ declaration, symbol }: PublicName): string {
  if (ts.isClassDeclaration(declaration)) return "class";
  if (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration)) return "type";
  return symbol.flags & ts.SymbolFlags.Function || /^[a-z]/.test(symbol.name) ? "function" : "value";
}

function overview(names: readonly PublicName[]): string {
  const rows = packageNames.map((name) => {
    const { description } = JSON.parse(
      readFileSync(join(root, "packages", name, "package.json"), "utf8"),
    ) as { description: string };
    const count = names.filter((each) => each.package === name).length;
    return `| [\`@stargrad/${name}\`](/reference/${name}/index.md) | ${count} | ${description} |`;
  });
  return [
    "# Reference",
    "",
    "Every public name has a page: what it computes, shapes, units, errors and source. The search finds all of them. The package",
    "`stargrad` exports the names of all packages from `tensor` up, so one import is enough.",
    "",
    "Two pages are made from tables: [PyTorch's names](/reference/pytorch.md) and [the primitives](/primitives.md).",
    "",
    "| package | names | what it is |",
    "| --- | ---: | --- |",
    ...rows,
    "",
  ].join("\n");
}
