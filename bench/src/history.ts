import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** What has to be the same for two figures to be compared, and when and of what they were taken. */
export interface Circumstances {
  /** When the run began, in UTC. */
  readonly date: string;
  /** The commit that was checked out, with `+` behind it if files were changed since; `null` outside of a clone. */
  readonly commit: string | null;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

/** A file of JSON lines that grows with every run. */
export interface History {
  /** Appends a line for each record, which begins with the circumstances of this run. */
  append(records: readonly object[]): void;
}

/**
 * Opens a history for one run. The file is made if there is none.
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
      // A machine in a sandbox may not know its processor.
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
