// `npm run build:app`: the page as a folder of files, for any host.

import { join, relative } from "node:path";

import { app, buildPage } from "./build.js";

const folder = join(app, "dist");
await buildPage(folder);
console.log(`The page is in ${relative(process.cwd(), folder)}: copy it to any host, into any folder.`);
