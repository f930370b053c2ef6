// What the packages that train a network weigh on a page, minified and compressed, with all they need, and how much of it
// comes from where. Fails above the budget. For comparison, what is left of them in a program that trains the digits MLP.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const budget = 80_000;
const packages = ["tensor", "wasm", "autograd", "nn", "optim"];
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
console.log(
  `${packages.join(" + ")}: ${kilobytes(all.size)} kB minified and gzipped, of at most ${kilobytes(budget)}`,
);
for (const [folder, share] of partsOf(all)) {
  console.log(`  ${folder.padEnd(18)} ${kilobytes(share * all.size).padStart(6)}`);
}
console.log(`a program that trains the digits MLP: ${kilobytes(digits.size)} kB`);
if (all.size > budget) {
  console.error(`size: ${kilobytes(all.size - budget)} kB too much`);
  process.exit(1);
}

async function bundle(lines) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join("\n"), resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
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
