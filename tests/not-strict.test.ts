import { readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { expect, it } from "vitest";

import { startLanguageService } from "./language-service.js";
import { root } from "./workspace.js";

// Many projects do not compile with `strict`, for instance those that Next generates. `npm run projects` compiles the same program
// against the packed packages, with many versions and settings of TypeScript.

const text = readFileSync(join(root, "projects", "types", "program.ts"), "utf8");
const file = join(root, "tests", "types", "program.ts");
const sources = new Map([[file, text]]);

it("a user's program compiles without `strict`", () => {
  const options = { strict: false, exactOptionalPropertyTypes: false };
  const diagnostics = startLanguageService(sources, options).getSemanticDiagnostics(file);
  expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual(
    [],
  );
});
