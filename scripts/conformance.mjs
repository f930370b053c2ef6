// `npm run conformance`: the WebAssembly engine against the reference engine, what its threads and its memory do over a long time,
// and deep and random graphs, models and loops, in every place it is meant for: on each version of Node we name, and in Chromium where
// one is installed.
// `npm run conformance -- --only chromium` picks one place. A Node that is not this one is the npm package `node`.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findChromium } from "./find-chromium.mjs";
import { printTimings, timed } from "./timings.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitestFile = "node_modules/vitest/vitest.mjs";
const vitest = `node ${vitestFile} run`;
// Each suite by its name: a command.
const nodeTests = {
  "engines and threads": `${vitest} --project wasm src/conformance.test.ts src/threads --project tests threads.test.ts`,
  "long tests": `${vitest} --mode long --project tests --project autograd --project train memory deep-models random- properties checkpoint-crash`,
};
// Wide vectors are for the whole process, and unknown to V8's first compiler.
const wideTests = {
  "wide vectors": `node --no-liftoff ${vitestFile} run --mode long --project wasm wide-vectors`,
};
const chromiumTests = { "a page": `${vitest} --mode long --project tests browser` };

const chromium = findChromium();
const places = {
  node20: () => onNode(20, nodeTests),
  node24: () => onNode(24, { ...nodeTests, ...wideTests }),
  chromium: () =>
    chromium === null
      ? "not run: no Chromium is installed. Install one, or say in CHROMIUM_PATH where it is"
      : runAll("chromium", chromiumTests, "", { CHROMIUM_PATH: chromium }),
};

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const only = values.only ?? Object.keys(places);
const unknown = only.filter((place) => !(place in places));
if (unknown.length > 0) {
  console.error(
    `conformance: there is no place ${unknown.join(", ")}; there are ${Object.keys(places).join(", ")}.`,
  );
  process.exit(2);
}

const outcomes = [];
for (const place of only) {
  console.log(`\n== ${place}`);
  outcomes.push([place, places[place]()]);
}
printTimings();
console.log();
for (const [place, outcome] of outcomes) console.log(`conformance, ${place}: ${outcome}`);
process.exit(outcomes.some(([, outcome]) => outcome.startsWith("FAILED")) ? 1 : 0);

/** Runs the tests on a major version of Node. */
function onNode(major, tests) {
  const place = `node${major}`;
  if (Number(process.versions.node.split(".")[0]) === major) return runAll(place, tests, "");
  const runner = `npx --yes -p node@${major} -c`;
  if (run(`${runner} "node --version"`).status !== 0) {
    return `FAILED: the package node@${major} could not be had from the registry`;
  }
  return runAll(place, tests, runner);
}

/** Runs suites in a place, one after another; `runner` gives them another Node. */
function runAll(place, suites, runner, env = {}) {
  for (const [suite, command] of Object.entries(suites)) {
    const line = runner === "" ? command : `${runner} "${command}"`;
    if (timed(`${place}: ${suite}`, () => run(line, env)).status !== 0) {
      return `FAILED: ${command}`;
    }
  }
  return "passed";
}

function run(command, env = {}) {
  return spawnSync(command, { cwd: root, stdio: "inherit", shell: true, env: { ...process.env, ...env } });
}
