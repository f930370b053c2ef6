// `npm run check`: runs every stage in turn, cheap ones first, and stops at the first failure with the name of the stage.
// `npm run check -- --skip test` leaves stages out.

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { printTimings, timed } from "./timings.mjs";

const stages = [
  "format",
  "boundaries",
  "imports",
  "changeset:check",
  "types",
  "types:app",
  "lint",
  "test",
  "build",
  "docs",
  "pack:check",
  "size",
];

const { values } = parseArgs({ options: { skip: { type: "string", multiple: true, default: [] } } });
const unknown = values.skip.filter((stage) => !stages.includes(stage));
if (unknown.length > 0) {
  console.error(`check: there is no stage ${unknown.join(", ")}; the stages are ${stages.join(", ")}.`);
  process.exit(2);
}

for (const stage of stages.filter((name) => !values.skip.includes(name))) {
  console.log(`\n== ${stage}`);
  const { status } = timed(`check: ${stage}`, () =>
    spawnSync("npm", ["run", "--silent", stage], {
      stdio: "inherit",
      shell: process.platform === "win32",
    }),
  );
  if (status !== 0) {
    printTimings();
    console.error(`\ncheck failed at: ${stage} (to run only this stage: npm run ${stage})`);
    process.exit(status ?? 1);
  }
}
printTimings();
console.log("\ncheck passed");
