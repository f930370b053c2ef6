import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder to which the first test file that needs the page builds it. */
    pageFolder: string;
  }
}

/** Gives all test files of a run one folder for the page, so that it is built once. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "stargrad-page-"));
  provide("pageFolder", folder);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
