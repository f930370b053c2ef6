// Repeats, at the end of a log, what vitest found: its own summary, then the plain counts on a line of their own.
// The folder named on the command line holds its output (tests.log) and its JSON report (tests.json).

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];

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
