import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bundlePrograms } from "./bundle-programs.js";
import { startLanguageService } from "./language-service.js";
import { publicFolders, root } from "./workspace.js";

const { programsIn, promises } = (await import(
  pathToFileURL(join(root, "scripts/documented-programs.mjs")).href
)) as {
  programsIn: (text: string) => { code: string; runs: boolean; module: string | undefined }[];
  promises: (code: string) => Map<number, string>;
};

// Every ```ts block of a README, and of a page of the site that is written by hand, is a program. It must type-check and run without errors, and a `console.log` must print the text of
// the comment beside it or below it:
//
//     console.log(x.shape); // -> [ 2, 2 ]
//     console.log(x.toString());
//     // -> [[1, 2],
//     //     [3, 4]]
//
// A block marked ```ts no-run is only type-checked. One marked ```ts node runs here, but not on the page of the site. One marked ```ts module=name is the module `./name.js` of the examples after it.
// The programs of a file run one after the other in one process, which takes a third of the time of a process for each; the engine is the
// default one at the start of each.

interface Example {
  title: string;
  /** The file that shows it. */
  file: string;
  /** Its file in the scratch folder, without extension. */
  name: string;
  code: string;
  runs: boolean;
  /** The name under which other examples import it. */
  module: string | undefined;
}

// The scratch folder is inside this package's node_modules, so that imports of its dependencies resolve.
const scratch = join(import.meta.dirname, "node_modules", ".cache", "readme-examples");

const readmes = ["README.md", ...publicFolders.map((folder) => `${folder}/README.md`)];
const pages = [
  "docs/index.md",
  "docs/engines.md",
  ...["learn", "guides"].flatMap((folder) =>
    readdirSync(join(root, "docs", folder)).map((name) => `docs/${folder}/${name}`),
  ),
].filter((file) => file.endsWith(".md"));
const examples = [...readmes, ...pages].flatMap(examplesOf);

function examplesOf(file: string): Example[] {
  if (!existsSync(join(root, file))) return [];
  const text = readFileSync(join(root, file), "utf8");
  return programsIn(text).map(({ code, runs, module }, index) => ({
    title: `${file}, example ${index + 1}`,
    file,
    name: `${file.replace(/\W/g, "-")}-${index + 1}`,
    code,
    runs,
    module,
  }));
}

/** Runs the programs that are named, each with a `console.log` that tells a documented line and its text, or the error, as JSON. */
const runner = `
  import { format, inspect } from "node:util";
  import { getEngine, setEngine } from "@stargrad/tensor";
  const engine = getEngine();
  for (const program of process.argv.slice(2)) {
    const tell = (what) => process.stdout.write("\\n" + JSON.stringify({ program, ...what }) + "\\n");
    globalThis.documentedLog = (line, ...values) => tell({ line, text: format(...values) });
    const path = "./" + program + ".mjs";
    await import(path).catch((error) => tell({ error: inspect(error) }));
    setEngine(engine);
  }
`;

/** The program of an example, which prints documented output in this way. */
function programOf(code: string): string {
  const promised = promises(code);
  return code
    .split("\n")
    .map((line, index) =>
      promised.has(index) ? line.replace("console.log(", `documentedLog(${index}, `) : line,
    )
    .join("\n");
}

interface Told {
  readonly program: string;
  readonly line: number;
  readonly text: string;
  readonly error?: string;
}

const runs = new Map<
  string,
  { readonly told: readonly Told[]; readonly stderr: string; readonly status: number | null }
>();

/** Runs the programs of a file when the first of them is asked for. */
function runFile(file: string) {
  const before = runs.get(file);
  if (before !== undefined) return before;
  const names = examples.filter((each) => each.file === file && each.runs).map(({ name }) => name);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["programs/runner.mjs", ...names], {
    cwd: scratch,
    encoding: "utf8",
  });
  const told = [...stdout.matchAll(/^\{"program":.*\}$/gm)].map(([json]) => JSON.parse(json) as Told);
  const run = { told, stderr, status };
  runs.set(file, run);
  return run;
}

function runExample({ name, file }: Example): {
  status: number | null;
  stderr: string;
  printed: Map<number, string>;
} {
  const { told, status, stderr } = runFile(file);
  const own = told.filter(({ program }) => program === name);
  const printed = new Map<number, string>();
  for (const { line, text, error } of own) {
    if (error !== undefined) return { status: 1, stderr: error, printed };
    const earlier = printed.get(line);
    printed.set(line, earlier === undefined ? text : `${earlier}\n${text}`);
  }
  return { status, stderr, printed };
}

beforeAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, "runner.mjs"), runner);
  const programs = examples.filter(({ runs }) => runs);
  for (const { name, code } of programs) writeFileSync(join(scratch, `${name}.run.mts`), programOf(code));
  const modules = examples.flatMap(({ module, code }) => (module === undefined ? [] : [{ module, code }]));
  for (const { module, code } of modules) writeFileSync(join(scratch, `${module}.ts`), code);
  const files = Object.fromEntries([
    ["runner", "runner.mjs"] as const,
    ...programs.map(({ name }) => [name, `${name}.run.mts`] as const),
    ...modules.map(({ module }) => [module, `${module}.ts`] as const),
  ]);
  await bundlePrograms(scratch, files, "programs");
  // Programs name the files of workers as their readers do.
  writeFileSync(join(scratch, "programs", "package.json"), '{ "type": "module" }');
  for (const { module } of modules) {
    copyFileSync(join(scratch, "programs", `${module}.mjs`), join(scratch, "programs", `${module}.js`));
  }
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

it.each(readmes)("%s shows an example", (readme) => {
  expect(examplesOf(readme)).not.toEqual([]);
});

it.each(readmes.filter((readme) => readme.startsWith("packages/")))(
  "%s has no relative link, so it stands alone on npm",
  (readme) => {
    const targets = [...readFileSync(join(root, readme), "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, target]) => target,
    );
    expect(targets.filter((target) => !/^(https:|#)/.test(target))).toEqual([]);
  },
);

it.each(pages)("every line that %s says to be printed is printed by a program", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const documented = examplesOf(page)
    .filter(({ runs: isRun }) => isRun)
    .map(({ code }) => code);
  expect(text.split("// -> ").length).toBe(documented.join("").split("// -> ").length);
});

it("every example enters the doors that its readers may enter", () => {
  const inside = examples.filter(({ code }) => /["'][^"']*\/(internal|testing)["']/.test(code));
  expect(inside.map(({ title }) => title)).toEqual([]);
});

it("every example type-checks", () => {
  writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
  const paths = examples.map(({ name }) => join(scratch, `${name}.mts`));
  const service = startLanguageService(new Map(paths.map((path, i) => [path, examples[i].code])));
  // The sources of the packages, which the examples import, have their own check.
  const problems = paths.flatMap((path) => [
    ...service.getSyntacticDiagnostics(path),
    ...service.getSemanticDiagnostics(path),
  ]);
  expect(
    ts.formatDiagnostics(problems, {
      ...ts.sys,
      getNewLine: () => "\n",
      getCanonicalFileName: String,
      getCurrentDirectory: () => root,
    }),
  ).toBe("");
});

describe.each(examples.filter(({ runs }) => runs))("$title", (example) => {
  it("runs and prints the documented output", () => {
    const { status, stderr, printed } = runExample(example);
    expect(status, stderr).toBe(0);
    expect(printed).toEqual(promises(example.code));
  });
});
