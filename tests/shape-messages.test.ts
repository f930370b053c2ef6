import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as nn from "@stargrad/nn";
import { ShapeError, zeros } from "@stargrad/tensor";
import ts from "typescript";
import { describe, expect, it } from "vitest";

import { declaredShapes } from "./declared-shapes.js";
import { startLanguageService } from "./language-service.js";
import { root } from "./workspace.js";

// The messages about shapes that an editor shows as errors, and the signatures that it shows for calls. In a type test in types/, the
// comment `@ts-expect-error` contains the expected message for the next line.

const folder = join(root, "tests", "types");
const names = readdirSync(folder).filter((name) => name.endsWith(".test-d.ts"));
const sources = new Map(
  // Compiled without the comments, so that the errors are reported.
  names.map((name) => [
    join(folder, name),
    readFileSync(join(folder, name), "utf8").replaceAll("@ts-expect-error", "expected-message:"),
  ]),
);

const declared = join(folder, "declared.ts");
const random = declaredShapes({ count: 60, seed: 1 });
sources.set(declared, random.source);

const service = startLanguageService(sources);

function errorsIn(name: string): { line: number; text: string }[] {
  return service.getSemanticDiagnostics(join(folder, name)).map(({ file, start = 0, messageText }) => ({
    line: (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1,
    text: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
}

/** The text that an editor shows when users hover over the position marked with "|". */
function hover(name: string, code: string): string {
  const file = join(folder, name);
  const place = (sources.get(file) ?? "").indexOf(code.replace("|", ""));
  const { displayParts } = service.getQuickInfoAtPosition(file, place + code.indexOf("|")) ?? {};
  return ts.displayPartsToString(displayParts);
}

describe.each(names)("types/%s", (name) => {
  it("is rejected at the marked lines, with the expected messages", () => {
    const lines = (sources.get(join(folder, name)) ?? "").split("\n");
    const promised = lines.flatMap((text, index) => {
      const message = /^\/\/ expected-message: (.*)$/.exec(text)?.[1];
      return message === undefined ? [] : [`${index + 2}: ${message}`];
    });
    const found = errorsIn(name).map(
      ({ line, text }) => `${line}: ${/Mismatch<"(.*?)">/.exec(text)?.[1] ?? text}`,
    );
    expect(promised.length).toBeGreaterThan(10);
    expect(found).toEqual(promised);
  });
});

describe("random sequences of layers", () => {
  const program = () => {
    const made = service.getProgram();
    const file = made?.getSourceFile(declared);
    if (made === undefined || file === undefined) throw new Error("the compiler did not load the file");
    return { file, checker: made.getTypeChecker() };
  };

  it("return the shape of their types, and are rejected where forward throws", () => {
    const refusedLines = new Set(errorsIn("declared.ts").map(({ line }) => line));
    const { file, checker } = program();
    const types = new Map(
      file.statements.filter(ts.isVariableStatement).map((statement) => {
        const { line } = file.getLineAndCharacterOfPosition(statement.getStart());
        const [{ name }] = statement.declarationList.declarations;
        return [line + 1, checker.typeToString(checker.getTypeAtLocation(name))];
      }),
    );
    let refused = 0;
    for (const { line, text, layers, input } of random.cases) {
      // A Sequential of one layer, of several layers, and one within another must agree.
      const forward = () =>
        layers.reduce((x, { name, values }) => {
          const layer = nn[name] as new (...values: never[]) => nn.Layer;
          return new layer(...(values as never[])).forward(x);
        }, zeros(input));
      if (refusedLines.has(line)) {
        refused++;
        expect(forward, text).toThrow(ShapeError);
      } else {
        expect(types.get(line), text).toBe(`Tensor<[${forward().shape.join(", ")}]>`);
      }
    }
    // Both outcomes must be frequent; otherwise the test would prove nothing.
    expect(refused).toBeGreaterThan(10);
    expect(random.cases.length - refused).toBeGreaterThan(20);
  });
});

describe("an editor", () => {
  it("underlines the argument, and shows a short message", () => {
    const [tensor] = errorsIn("layer-shapes.test-d.ts");
    expect(tensor.text).toMatchInlineSnapshot(`
      "Argument of type 'Tensor<[32, 783]>' is not assignable to parameter of type 'ShapeMismatch<"Linear(784, 128) expects the last axis to be 784, got 783">'.
        Property 'mismatch' is missing in type 'Tensor<[32, 783]>' but required in type 'ShapeMismatch<"Linear(784, 128) expects the last axis to be 784, got 783">'."
    `);
    const [options] = errorsIn("tensor-shapes.test-d.ts").filter(({ text }) => text.includes("no axis 5"));
    expect(options.text).toMatchInlineSnapshot(
      `"Object literal may only specify known properties, and 'axis' does not exist in type 'Mismatch<"[2, 3] has no axis 5">'."`,
    );
  });

  it("shows readable signatures", () => {
    const layers = ["new Linear|(", "hidden.forward|(", "const model| ", "model.forward|("];
    expect(`\n${layers.map((code) => hover("layer-shapes.test-d.ts", code)).join("\n")}`)
      .toMatchInlineSnapshot(`
      "
      (alias) new Linear<784, 128>(inFeatures: 784, outFeatures: 128, options?: LinearOptions): Linear<784, 128>
      import Linear
      (method) Linear<784, 128>.forward<[32, 784]>(x: Tensor<[32, 784]>): Tensor<[32, 128]>
      const model: Sequential<[Linear<784, 128>, ReLU, Dropout, Linear<128, 10>]>
      (method) Sequential<[Linear<784, 128>, ReLU, Dropout, Linear<128, 10>]>.forward<[32, 784]>(x: Tensor<[32, 784]>): Tensor<[32, 10]>"
    `);
    const calls = [
      "x.add|(",
      "(matmul|(",
      "batch.matmul|(",
      "x.reshape|(",
      "x.transpose|(",
      "x.mean|(",
      "x.max|(",
    ];
    const shown = calls.map((code) => hover("tensor-shapes.test-d.ts", code));
    expect(`\n${shown.join("\n")}`).toMatchInlineSnapshot(`
      "
      (property) add: <[2, 3], [4, 1, 3]>(this: Operand<[2, 3]>, b: Operand<[4, 1, 3]>) => Tensor<[4, 2, 3]>
      (alias) matmul<[32, 784], [784, 10]>(a: Tensor<[32, 784]>, b: Tensor<[784, 10]>): Tensor<[32, 10]>
      import matmul
      (property) matmul: <[number, 784], [784, 10]>(this: Tensor<[number, 784]>, b: Tensor<[784, 10]>) => Tensor<[number, 10]>
      (property) reshape: <Tensor<[2, 3]>, [3, 2]>(this: Tensor<[2, 3]>, shape: [3, 2]) => Tensor<[3, 2]>
      (property) transpose: <Tensor<[2, 3]>, -2, -1>(this: Tensor<[2, 3]>, a?: -2 | undefined, b?: -1 | undefined) => Tensor<[3, 2]>
      (property) mean: <Tensor<[2, 3]>, {
          readonly axis: 0;
      }>(this: Tensor<[2, 3]>, options?: {
          readonly axis: 0;
      } | undefined) => Tensor<[3]>
      (property) max: <Tensor<[2, 3]>, {
          readonly axis: 1;
      }>(this: Tensor<[2, 3]>, options?: {
          readonly axis: 1;
      } | undefined) => Extremes<[2]>"
    `);
  });
});
