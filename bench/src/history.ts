import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** The date, the commit and the machine of a measurement. Only measurements of the same machine can be compared. */
export interface Circumstances {
  /** When the run began, in UTC. */
  readonly date: string;
  /** The commit that was checked out, followed by `+` if files were changed; `null` outside a clone. */
  readonly commit: string | null;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

/** A file of JSON lines to which every run appends. */
export interface History {
  /** Appends a line for each record, with the circumstances of this run first. */
  append(records: readonly object[]): void;
}

/**
 * Opens a history for one run. The file is created if it does not exist.
 *
 * Throws: Error if the file cannot be written, before anything is measured
 */
export function openHistory(file: string, circumstances = circumstancesHere()): History {
  appendFileSync(file, "");
  return {
    append(records) {
      const lines = records.map((record) => `${JSON.stringify({ ...circumstances, ...record })}\n`);
      appendFileSync(file, lines.join(""));
    },
  };
}

function circumstancesHere(): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: commitHere(),
    machine: {
      // In a sandbox the model of the processor may be unknown.
      cpu: cpus().at(0)?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      node: process.version,
    },
  };
}

function commitHere(): string | null {
  const git = (...args: string[]) =>
    spawnSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }) as {
      status: number | null;
      stdout: string | null;
    };
  const { status, stdout } = git("rev-parse", "--short=12", "HEAD");
  if (status !== 0 || stdout === null) return null;
  const changed = git("status", "--porcelain", "--untracked-files=no").stdout !== "";
  return `${stdout.trim()}${changed ? "+" : ""}`;
}
