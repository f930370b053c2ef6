// `npm run projects`: installs the packed packages into small projects of other people's tools, trains in each, and prints a table.
// `npm run projects -- --only next --only jest` selects projects; `--keep` leaves the folder in which they are installed.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { projects } from "./projects.js";
import { tableOf, type Row } from "./report.js";
import { installProjects } from "./workspace.js";

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, keep: { type: "boolean", default: false } },
});
const names = values.only ?? Object.keys(projects);
const unknown = names.filter((name) => !(name in projects));
if (unknown.length > 0) {
  console.error(`projects: unknown ${unknown.join(", ")}; expected ${Object.keys(projects).join(", ")}.`);
  process.exit(2);
}

const clock = () => performance.now() / 1000;
const started = clock();
const folder = await installProjects(names);
console.log(`packed and installed in ${(clock() - started).toFixed(1)} s: ${folder}`);
const rows: Row[] = [];
for (const name of names) {
  const before = clock();
  try {
    rows.push(...(await projects[name](join(folder, name))));
  } catch (error) {
    const problems = [error instanceof Error ? error.message : String(error)];
    rows.push({ project: name, what: "nothing", engine: "none", seconds: 0, problems });
  }
  console.log(`${name}: ${(clock() - before).toFixed(1)} s`);
}
if (!values.keep) rmSync(folder, { recursive: true, force: true });

console.log(`\n${tableOf(rows)}\n`);
const wrong = rows.filter(({ problems }) => problems.length > 0);
for (const { project, what, problems } of wrong) {
  console.error(`projects, ${project}, ${what}: FAILED\n  ${problems.join("\n  ").slice(0, 4000)}`);
}
console.log(wrong.length === 0 ? "projects: passed" : `projects: ${wrong.length} of ${rows.length} FAILED`);
process.exit(wrong.length === 0 ? 0 : 1);
