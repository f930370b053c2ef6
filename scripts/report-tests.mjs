// Repeats, at the end of a log, what each suite took, and what vitest found: its own summary, then the plain counts on a line
// of their own. The folder named on the command line holds its output (tests.log), its JSON report (tests.json), and what was
// noted of times (timings.jsonl).

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tableOf } from "./timings.mjs";

const folder = process.argv[2];

if (existsSync(join(folder, "timings.jsonl"))) {
  const lines = readFileSync(join(folder, "timings.jsonl"), "utf8").trimEnd().split("\n");
  console.log(`${tableOf(lines.map((line) => JSON.parse(line)))}\n`);
}

const log = readFileSync(join(folder, "tests.log"), "utf8");
console.log(
  log.match(/^ *(Test Files|Tests|Start at|Duration) .*$/gm)?.join("\n") ?? "vitest printed no summary",
);

if (existsSync(join(folder, "tests.json"))) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(
    readFileSync(join(folder, "tests.json"), "utf8"),
  );
  // A file that does not even load fails without any of its tests failing.
  const brokenFiles = testResults.filter(({ status, assertionResults }) => {
    return status === "failed" && assertionResults.every((test) => test.status !== "failed");
  });
  console.log(`${numPassedTests} passed, ${numFailedTests + brokenFiles.length} failed`);
} else {
  console.log("the tests did not run");
}
