import { join } from "node:path";
import { answerOf, withProgram } from "../child-program.js";
import { summarize, type Timing } from "../measure.js";

export const coldStartName = "cold start, digits MLP 784-256-128-10, batch 128";

/** The end of a part of the program, counted from the beginning of the import of the packages. */
export interface Milestone {
  readonly part: string;
  readonly timing: Timing;
}

/**
 * Measures how long a new process takes to import the packages and to train the digits MLP for one step, including all
 * compilation by V8 and by Stargrad. The packages are bundled into plain JavaScript before, like an application.
 */
export async function coldStart(runs: number): Promise<Milestone[]> {
  return withProgram(join(import.meta.dirname, "first-step.ts"), (file) => {
    const script = `globalThis.importBegan = performance.now(); await import(${JSON.stringify(file)});`;
    const runOnce = (): Record<string, number> =>
      answerOf(process.execPath, ["--input-type=module", "-e", script]) as Record<string, number>;
    // The first run only fills the disk's cache.
    const all = Array.from({ length: runs + 1 }, runOnce).slice(1);
    return Object.keys(all[0]).map((part) => ({ part, timing: summarize(all.map((run) => run[part])) }));
  });
}
