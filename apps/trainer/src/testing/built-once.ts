import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inject } from "vitest";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder for what the test files build. */
    builtFolder: string;
  }
}

/** Gives all test files of a run one folder for what they build, so that each thing is built once. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "stargrad-trainer-built-"));
  provide("builtFolder", folder);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Builds something to a folder of that name, or waits until another test file has built it. Returns the folder. */
export async function builtOnce(name: string, build: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(inject("builtFolder"), name);
  const lock = `${folder}.lock`;
  // The first to make the lock builds. A build that fails leaves it to the next one.
  for (;;) {
    if (existsSync(folder)) return folder;
    try {
      mkdirSync(lock);
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    // It may have been built between the two looks above.
    if (existsSync(folder)) return folder;
    await build(join(lock, name));
    renameSync(join(lock, name), folder);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
  return folder;
}
