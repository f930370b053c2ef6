import { formulaOf, primitiveNames, primitives, type Signature } from "@stargrad/graph";
import { rules } from "@stargrad/autograd/internal";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./workspace.js";

it("docs/primitives.md matches the tables (after a change: npx vitest run --project tests --update)", async () => {
  const rows = primitiveNames.map((name) => {
    const { kind, arity }: Signature = primitives[name];
    return `| \`${name}\` | ${formulaOf(name).replaceAll("|", "\\|")} | ${kind} | ${arity} | ${rules[name] === null ? "" : "yes"} |`;
  });
  const page = [
    "# The primitives",
    "",
    `Everything Stargrad computes is composed of these ${rows.length}. This page is made from the tables: a row is defined in`,
    "`packages/graph/src/primitives/` and differentiated in `packages/autograd/src/rules.ts`.",
    "",
    "| name | computes | kind | inputs | has a gradient |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ];
  await expect(page.join("\n")).toMatchFileSnapshot(join(root, "docs/primitives.md"));
});
