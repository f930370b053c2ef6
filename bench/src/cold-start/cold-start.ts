import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { summarize, type Timing } from "../measure.js";

export const coldStartName = "cold start, digits MLP 784-256-128-10, batch 128";

/** When a part of the program was done, since the import of the packages began. */
export interface Milestone {
  readonly part: string;
  readonly timing: Timing;
}

/**
 * How long it takes a new process to import the packages and to train the digits MLP for one step: everything is compiled on
 * the way, by V8 and by us. The packages are bundled into plain JavaScript beforehand, as an application would.
 */
export async function coldStart(runs: number): Promise<Milestone[]> {
  const folder = mkdtempSync(join(tmpdir(), "stargrad-cold-start-"));
  try {
    const outfile = join(folder, "first-step.mjs");
    await build({
      entryPoints: [join(import.meta.dirname, "first-step.ts")],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "es2022",
      conditions: ["source"],
    });
    const script = `globalThis.importBegan = performance.now(); await import(${JSON.stringify(outfile)});`;
    // The first run only warms the disk's cache.
    const all = Array.from({ length: runs + 1 }, () => runOnce(script)).slice(1);
    return Object.keys(all[0]).map((part) => ({ part, timing: summarize(all.map((run) => run[part])) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOnce(script: string): Record<string, number> {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the first step failed: ${stderr}`);
  return JSON.parse(stdout) as Record<string, number>;
}
