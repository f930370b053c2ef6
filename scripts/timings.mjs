// What suites took, as one table at the end. Where STARGRAD_TIMINGS names a file, each is noted there instead, for whoever runs
// several commands and prints one table of them all.

import { appendFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const noted = [];

/** Runs a suite and notes how long it took. Returns what it returns. */
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

/** Prints what was noted so far, unless that is in a file. */
export function printTimings() {
  if (noted.length > 0) console.log(`\n${tableOf(noted)}`);
}

/** A line for each suite, and one for all together. */
export function tableOf(timings) {
  const total = timings.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = [...timings, { suite: "in all", seconds: total }];
  const width = Math.max(...rows.map(({ suite }) => suite.length));
  return rows
    .map(({ suite, seconds }) => `${suite.padEnd(width)}  ${seconds.toFixed(1).padStart(7)} s`)
    .join("\n");
}
