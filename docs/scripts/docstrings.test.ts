import ts from "typescript";
import { expect, it } from "vitest";

import { isUndocumented, publicNames, readProgram } from "./public-api.js";

/*
 * Every export has a docstring, and its sections are in the order of CONTRIBUTING.md: what is computed, Shapes, Units, Init or Defaults, Throws,
 * Source. The build of the site fails for the same names.
 */

const order = ["Shapes", "Units", "Init", "Defaults", "Throws", "Source"];
// Names and docstrings need no library, which takes half of the time.
const program = readProgram({ noLib: true, types: [] });
const names = publicNames(program);

/** The members of an exported class, interface or type that have a docstring. */
function membersOf({
  symbol,
}: (typeof names)[number]): { readonly name: string; readonly documentation: string }[] {
  const checker = program.getTypeChecker();
  return [...(symbol.members?.values() ?? [])].map((member) => ({
    name: member.name,
    documentation: ts.displayPartsToString(member.getDocumentationComment(checker)),
  }));
}

/** The labels that begin a line, in the order in which they stand. */
function sectionsOf(documentation: string): string[] {
  return [...documentation.matchAll(/^(\w+): /gm)].flatMap(([, label = ""]) =>
    order.includes(label) ? [label] : [],
  );
}

function inOrder(labels: readonly string[]): boolean {
  const places = labels.map((label) => order.indexOf(label));
  return places.every((place, i) => i === 0 || place > places[i - 1]);
}

it("reads all names", () => {
  expect(names.length).toBeGreaterThan(800);
  const sample = names.filter(({ name }) => ["Linear", "randint", "schedules.cosine"].includes(name));
  expect(sample.map(({ package: folder, name }) => `${folder}/${name}`)).toEqual([
    "tensor/randint",
    "nn/Linear",
    "optim/schedules.cosine",
  ]);
});

it("every export has a docstring", () => {
  expect(names.filter(isUndocumented).map((each) => `${each.package}: ${each.name}`)).toEqual([]);
});

it("every docstring has its sections in the agreed order", () => {
  const wrong = names.flatMap((each) =>
    [{ name: "", documentation: each.documentation }, ...membersOf(each)]
      .filter(({ documentation }) => !inOrder(sectionsOf(documentation)))
      .map((one) => `${each.package}: ${each.name} ${one.name}: ${sectionsOf(one.documentation).join(", ")}`),
  );
  expect(wrong).toEqual([]);
});

it("every docstring says what is computed before its sections", () => {
  const labels = new RegExp(`^(${order.join("|")}): `);
  const wrong = names.filter(({ documentation }) => labels.test(documentation));
  expect(wrong.map((each) => `${each.package}: ${each.name}`)).toEqual([]);
});

it("finds docstrings out of order", () => {
  expect(inOrder(sectionsOf("Adds.\n\nThrows: never\nShapes: [] -> []"))).toBe(false);
  expect(inOrder(sectionsOf("Adds.\n\nShapes: [] -> []\nThrows: never"))).toBe(true);
});
