import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { writePictures } from "./pictures.js";
import { writeReference } from "./reference.js";

// `npm run docs`: builds the site into docs/.vitepress/dist. `npm run docs -- --base /stargrad/` builds it for a sub-folder.
// `npm run docs:dev`: serves it while pages are written. The reference and the pictures are written once, at the start.

const [command = "build", ...options] = process.argv.slice(2);
const docs = join(import.meta.dirname, "..");

await writeReference(join(docs, "reference"));
await writePictures(join(docs, "reference", "pictures"));
const vitepress = join(docs, "node_modules", "vitepress", "bin", "vitepress.js");
const { status } = spawnSync(process.execPath, [vitepress, command, docs, ...options], { stdio: "inherit" });
process.exitCode = status ?? 1;
