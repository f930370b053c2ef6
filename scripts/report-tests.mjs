// Prints, at the end of a log, the duration of each suite, vitest's summary, and a line with the numbers of passed and failed tests.
// The folder on the command line contains vitest's output (tests.log), its JSON report (tests.json), and the durations
// (timings.jsonl).

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
  // If a file does not load, the file fails although none of its tests does.
  const brokenFiles = testResults.filter(({ status, assertionResults }) => {
    return status === "failed" && assertionResults.every((test) => test.status !== "failed");
  });
  console.log(`${numPassedTests} passed, ${numFailedTests + brokenFiles.length} failed`);
} else {
  console.log("the tests did not run");
}
