// Prints the size, minified and compressed, of the packages that train a network, and the share of each folder: the packages
// alone; with graph and compiler, which they depend on; and in a program that trains the digits MLP, from which a bundler
// removes unused code. Fails above a budget.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

// Decision 20 explains why loops and programs as data added 14 to 21 kB; decisions 23 to 30 explain later
// additions: a table of a machine's operations by name, engines that answer later, two doors, and checks as a primitive; decision
// 31 the state that copies share. Checks of every option, operand and further argument, with the nearest right name, added 4 kB;
// threads that end, targets and engines that are checked, errors that arrive later, clones, conversions and `allClose` 3 kB.
// Kinds for the options of all functions of tensors added 0.7 kB to `own`; formulas and samples beside the rows freed 2.8 kB of `all`.
// Layers, losses, containers and optimizers that check what they get added 1.5 kB; forgotten awaits, schedules and averages that resume
// 0.5 kB; slips of a first hour that are named 0.6 kB; programs that are counted in full and gradients that are checked by replaying 0.3 kB.
// Fields that are not part of a model, classes in errors, sizes and sequences of training that are refused added 0.4 kB,
// a list of parameters that `backward` refuses and the name of an engine's rounding 0.1 kB.
// The tangent added 0.5 kB, kernels that copy small parts 0.5 kB; checks of gradients without names and closures freed a little.
// A hint where the classes are the last axis, the threads of the default engine in a worker and gradients on demand added 0.2 kB.
const budgets = { own: 111_500, all: 139_500, program: 105_700 };
const packages = ["tensor", "wasm", "autograd", "nn", "optim"];
const foundation = ["@stargrad/graph", "@stargrad/compiler"];
const program = {
  autograd: "backward",
  nn: "crossEntropy, Linear, ReLU, Sequential",
  optim: "Adam",
  tensor: "fromData",
};

const root = fileURLToPath(new URL("..", import.meta.url));
const exported = (names) =>
  Object.entries(names).map(([name, what]) => `export ${what} from "./packages/${name}/src/index.ts";`);
const kilobytes = (bytes) => (bytes / 1000).toFixed(1);

const all = await bundle(exported(Object.fromEntries(packages.map((name) => [name, "*"]))));
const digits = await bundle(
  exported(Object.fromEntries(Object.entries(program).map(([name, what]) => [name, `{ ${what} }`]))),
);
const own = await bundle(exported(Object.fromEntries(packages.map((name) => [name, "*"]))), foundation);
for (const [folder, share] of partsOf(all)) {
  console.log(`  ${folder.padEnd(18)} ${kilobytes(share * all.size).padStart(6)}`);
}
const sizes = { own: own.size, all: all.size, program: digits.size };
const what = {
  own: packages.join(" + "),
  all: "the same with graph + compiler",
  program: "a program that trains the digits MLP",
};
for (const [name, size] of Object.entries(sizes)) {
  console.log(
    `${what[name]}: ${kilobytes(size)} kB minified and gzipped, of at most ${kilobytes(budgets[name])}`,
  );
  if (size <= budgets[name]) continue;
  console.error(`size: ${kilobytes(size - budgets[name])} kB above the budget`);
  process.exitCode = 1;
}

async function bundle(lines, external = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join("\n"), resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
    external,
    write: false,
    outdir: root,
    metafile: true,
  });
  const [{ contents }] = outputFiles;
  return { size: gzipSync(contents, { level: 9 }).length, metafile };
}

/** The share of each folder, by its minified bytes, the largest first. */
function partsOf({ metafile }) {
  const [{ inputs, bytes }] = Object.values(metafile.outputs);
  const parts = new Map();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const [, name, , ...path] = file.split("/");
    const folder = path.length > 1 ? `${name}/${path[0]}` : name;
    if (name !== undefined) parts.set(folder, (parts.get(folder) ?? 0) + bytesInOutput / bytes);
  }
  return [...parts].sort(([, a], [, b]) => b - a);
}
