import { appendFileSync } from "node:fs";

/** Hands a report to the suite. */
export function note(name, report) {
  appendFileSync(process.env.REPORTS, `${JSON.stringify({ name, ...report })}\n`);
}
