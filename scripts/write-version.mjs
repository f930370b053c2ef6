// Writes the version of the packages, which `changeset version` has just changed, into the source of graph: see decision 31.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const graph = fileURLToPath(new URL("../packages/graph/", import.meta.url));
const { version } = JSON.parse(readFileSync(`${graph}package.json`, "utf8"));
const file = `${graph}src/version.ts`;
writeFileSync(file, readFileSync(file, "utf8").replace(/"[^"]*"/, JSON.stringify(version)));
