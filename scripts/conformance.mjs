// `npm run conformance`: runs the long tests (`vitest.config.ts`): the WebAssembly engine beside the reference engine on all cases, threads and
// memory, and deep and random graphs, models and loops. It runs on each supported version of Node, and in Chromium if it is installed.
// `npm run conformance -- --only chromium` selects one platform. Other versions of Node come from the npm package `node`.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findChromium } from "./find-chromium.mjs";
import { printTimings, timed } from "./timings.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitestFile = "node_modules/vitest/vitest.mjs";
const vitest = `node ${vitestFile} run`;
// The command of each suite, by its name.
const nodeTests = {
  // All that is long, except what the suites below run.
  "long tests": `${vitest} --mode long --exclude '**/wide-vectors.long.test.ts' --exclude '**/chromium.long.test.ts' --exclude '**/web/**' --exclude '**/site.long.test.ts'`,
};
// Short, so `npm test` has run them on the version of Node that runs it.
const threadTests = {
  threads: `${vitest} --project wasm src/threads --project tests threads.test.ts`,
};
// Wide vectors apply to the whole process, and V8's baseline compiler (Liftoff) does not support them.
const wideTests = {
  "wide vectors": `node --no-liftoff ${vitestFile} run --mode long --project wasm wide-vectors`,
};
const chromiumTests = {
  // Together, because the first is one file, which would leave all cores but one idle.
  "a page and the trainer": `${vitest} --mode long --project tests --project trainer tests/browser src/web`,
  "the site": `${vitest} --mode long --project docs`,
};

const chromium = findChromium();
const platforms = {
  node20: () => onNode(20, nodeTests),
  node24: () => onNode(24, { ...nodeTests, ...wideTests }),
  chromium: () =>
    chromium === null
      ? "skipped, because no Chromium was found. Install one, or set CHROMIUM_PATH to its path"
      : runAll("chromium", chromiumTests, "", { CHROMIUM_PATH: chromium }),
};

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const only = values.only ?? Object.keys(platforms);
const unknown = only.filter((platform) => !(platform in platforms));
if (unknown.length > 0) {
  console.error(
    `conformance: unknown platform ${unknown.join(", ")}; expected ${Object.keys(platforms).join(", ")}.`,
  );
  process.exit(2);
}

const outcomes = [];
for (const platform of only) {
  console.log(`\n== ${platform}`);
  outcomes.push([platform, platforms[platform]()]);
}
printTimings();
console.log();
for (const [platform, outcome] of outcomes) console.log(`conformance, ${platform}: ${outcome}`);
process.exit(outcomes.some(([, outcome]) => outcome.startsWith("FAILED")) ? 1 : 0);

/** Runs the tests on a major version of Node. */
function onNode(major, tests) {
  const platform = `node${major}`;
  if (Number(process.versions.node.split(".")[0]) === major) return runAll(platform, tests, "");
  const runner = `npx --yes -p node@${major} -c`;
  if (run(`${runner} "node --version"`).status !== 0) {
    return `FAILED: npm could not install the package node@${major}`;
  }
  return runAll(platform, { ...threadTests, ...tests }, runner);
}

/** Runs the suites of a platform, one after another. `runner` selects another version of Node. */
function runAll(platform, suites, runner, env = {}) {
  for (const [suite, command] of Object.entries(suites)) {
    const line = runner === "" ? command : `${runner} "${command}"`;
    if (timed(`${platform}: ${suite}`, () => run(line, env)).status !== 0) {
      return `FAILED: ${command}`;
    }
  }
  return "passed";
}

function run(command, env = {}) {
  return spawnSync(command, { cwd: root, stdio: "inherit", shell: true, env: { ...process.env, ...env } });
}
