// Prints the durations of suites as one table at the end. If STARGRAD_TIMINGS names a file, they are appended to it instead, so that
// a script that runs several commands can print one table.

import { appendFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const noted = [];

/** Runs a suite and notes its duration. Returns the result of `run`. */
export function timed(suite, run) {
  const start = performance.now();
  try {
    return run();
  } finally {
    note(suite, (performance.now() - start) / 1000);
  }
}

function note(suite, seconds) {
  const { STARGRAD_TIMINGS: file } = process.env;
  if (file === undefined) noted.push({ suite, seconds });
  else appendFileSync(file, `${JSON.stringify({ suite, seconds })}\n`);
}

/** Prints the durations noted so far, unless they were appended to a file. */
export function printTimings() {
  if (noted.length > 0) console.log(`\n${tableOf(noted)}`);
}

/** A line for each suite, and one for the total. */
export function tableOf(timings) {
  const total = timings.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = [...timings, { suite: "in all", seconds: total }];
  const width = Math.max(...rows.map(({ suite }) => suite.length));
  return rows
    .map(({ suite, seconds }) => `${suite.padEnd(width)}  ${seconds.toFixed(1).padStart(7)} s`)
    .join("\n");
}
