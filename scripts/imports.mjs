// `npm run imports`: reads the imports of every source file. Fails for a circle between files, imports of types included, for an
// import that the layer law in turbo.json does not allow, and if the picture in ARCHITECTURE.md is out of date.
// `npm run imports -- --write` redraws it.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkImports } from "./import-graph.mjs";

const { values: options } = parseArgs({ options: { write: { type: "boolean", default: false } } });

const { known, failures, imports } = checkImports(fileURLToPath(new URL("..", import.meta.url)), options);
for (const line of known) console.log(line);
for (const failure of failures) console.error(`imports: ${failure}`);
const types = imports.filter(({ isType }) => isType).length;
console.log(
  `${imports.length} imports between files, ${types} of them of types only; ${failures.length} wrong`,
);
process.exit(failures.length > 0 ? 1 : 0);
