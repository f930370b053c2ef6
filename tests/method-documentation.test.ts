import { join } from "node:path";

import { binaryNames, formulaOf, unaryNames } from "@stargrad/graph";
import { Tensor } from "@stargrad/tensor";
import * as library from "@stargrad/tensor";
import ts from "typescript";
import { describe, expect, it } from "vitest";

import { startLanguageService } from "./language-service.js";
import { root } from "./workspace.js";

// When users hover over a method, an editor shows the documentation of the function with the same name.

const methods = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => name in library);

const file = join(root, "tests", "every-method.ts");
const source = `import * as library from "@stargrad/tensor";
declare const x: library.Tensor;
${methods.map((name) => `x.${name}; library.${name};`).join("\n")}
x.mean({ axis: 0 });
`;
const service = startLanguageService(new Map([[file, source]]));

function documentationAt(code: string): string {
  const place = source.indexOf(code) + code.lastIndexOf(".") + 1;
  return ts.displayPartsToString(service.getQuickInfoAtPosition(file, place)?.documentation);
}

describe("an editor", () => {
  it.each(methods)("shows at x.%s the documentation of the function", (name) => {
    const shown = documentationAt(`x.${name};`);
    expect(shown).toMatch(/\w/);
    expect(shown).toBe(documentationAt(`library.${name};`));
  });

  it("shows one signature; a method would keep only the last of several", () => {
    const program = service.getProgram();
    const checker = program?.getTypeChecker();
    const overloaded: string[] = [];
    program?.getSourceFile(file)?.forEachChild((statement) => {
      if (!ts.isExpressionStatement(statement)) return;
      const signatures = checker?.getTypeAtLocation(statement.expression).getCallSignatures() ?? [];
      if (ts.isPropertyAccessExpression(statement.expression) && signatures.length !== 1)
        overloaded.push(statement.getText());
    });
    expect(overloaded).toEqual([]);
  });

  it("shows the documentation at a call, too", () => {
    expect(documentationAt("x.mean(")).toContain("Throws: DTypeError for integers and bools");
  });

  it.each([...unaryNames, ...binaryNames])("shows at x.%s the formula of the primitive", (name) => {
    const shown = documentationAt(`x.${name};`).replaceAll("`", "").toLowerCase();
    expect(shown).toContain(formulaOf(name).toLowerCase());
  });
});
