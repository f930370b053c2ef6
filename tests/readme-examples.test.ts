import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bundlePrograms } from "./bundle-programs.js";
import { publicFolders, root } from "./workspace.js";

// Every ```ts block of a README, and of docs/engines.md, is a program. It must type-check and run without errors, and a `console.log` must print the text of
// the comment beside it or below it:
//
//     console.log(x.shape); // -> [ 2, 2 ]
//     console.log(x.toString());
//     // -> [[1, 2],
//     //     [3, 4]]
//
// A block marked ```ts no-run is only type-checked. One marked ```ts module=name is the module `./name.js` of the examples after it.

interface Example {
  title: string;
  /** Its file in the scratch folder, without extension. */
  name: string;
  code: string;
  runs: boolean;
  /** The name under which other examples import it. */
  module: string | undefined;
}

// The scratch folder is inside this package's node_modules, so that imports of its dependencies resolve.
const scratch = join(import.meta.dirname, "node_modules", ".cache", "readme-examples");

const readmes = ["README.md", "docs/engines.md", ...publicFolders.map((folder) => `${folder}/README.md`)];
const examples = readmes.flatMap(examplesOf);

function examplesOf(readme: string): Example[] {
  if (!existsSync(join(root, readme))) return [];
  const text = readFileSync(join(root, readme), "utf8");
  return [...text.matchAll(/^```ts(.*)\n([^]*?)^```$/gm)].map(([, mark = "", code = ""], index) => ({
    title: `${readme}, example ${index + 1}`,
    name: `${readme.replace(/\W/g, "-")}-${index + 1}`,
    code,
    runs: mark.trim() === "",
    module: /module=(\S+)/.exec(mark)?.[1],
  }));
}

/** The documented output of an example: the index of a line with a `console.log`, and the text it prints. */
function promises(code: string): Map<number, string> {
  const promised = new Map<number, string>();
  let [logLine, prints] = [-1, false];
  for (const [index, line] of code.split("\n").entries()) {
    if (line.includes("console.log(")) logLine = index;
    const first = /\/\/ -> (.*)$/.exec(line)?.[1];
    const further = prints ? /^ *\/\/ {4}(.*)$/.exec(line)?.[1] : undefined;
    const text = first ?? further;
    prints = text !== undefined;
    if (text === undefined) continue;
    const before = promised.get(logLine);
    promised.set(logLine, before === undefined ? text : `${before}\n${text}`);
  }
  return promised;
}

/** Defines the replacement of `console.log` on a line with documented output: it prints the line and the text as JSON. */
const documentedLog = `
  import { format } from "node:util";
  globalThis.documentedLog = (line, ...values) => {
    process.stdout.write("\\n" + JSON.stringify({ line, text: format(...values) }) + "\\n");
  };
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

function runExample({ name }: Example): {
  status: number | null;
  stderr: string;
  printed: Map<number, string>;
} {
  const flags = ["--import", "./documented-log.mjs"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, `programs/${name}.mjs`], {
    cwd: scratch,
    encoding: "utf8",
  });

  const printed = new Map<number, string>();
  for (const [json] of stdout.matchAll(/^\{"line":.*\}$/gm)) {
    const { line, text } = JSON.parse(json) as { line: number; text: string };
    const earlier = printed.get(line);
    printed.set(line, earlier === undefined ? text : `${earlier}\n${text}`);
  }
  return { status, stderr, printed };
}

beforeAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, "documented-log.mjs"), documentedLog);
  const programs = examples.filter(({ runs }) => runs);
  for (const { name, code } of programs) writeFileSync(join(scratch, `${name}.run.mts`), programOf(code));
  const modules = examples.flatMap(({ module, code }) => (module === undefined ? [] : [{ module, code }]));
  for (const { module, code } of modules) writeFileSync(join(scratch, `${module}.ts`), code);
  const files = Object.fromEntries([
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

it("every example enters the doors that its readers may enter", () => {
  const inside = examples.filter(({ code }) => /["'][^"']*\/(internal|testing)["']/.test(code));
  expect(inside.map(({ title }) => title)).toEqual([]);
});

it("every example type-checks", () => {
  writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
  for (const { name, code } of examples) writeFileSync(join(scratch, `${name}.mts`), code);
  const config = {
    extends: join(root, "tests", "tsconfig.json"),
    // One TypeScript program over the sources of all packages, instead of projects that emit declarations.
    compilerOptions: {
      composite: false,
      emitDeclarationOnly: false,
      declarationMap: false,
      noEmit: true,
    },
    include: [],
    references: [],
    files: examples.map(({ name }) => `${name}.mts`),
  };
  writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", scratch], { encoding: "utf8" });
  expect(status, stdout).toBe(0);
});

describe.each(examples.filter(({ runs }) => runs))("$title", (example) => {
  it("runs and prints the documented output", () => {
    const { status, stderr, printed } = runExample(example);
    expect(status, stderr).toBe(0);
    expect(printed).toEqual(promises(example.code));
  });
});
