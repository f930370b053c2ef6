// Packs every public package as for publication, and checks the tarball with publint (package.json) and attw (resolution of
// types). Needs `npm run build`.

import { packAll, run } from "./pack.mjs";

for (const { name, filename } of packAll()) {
  run("publint", [filename, "--strict"]);
  run("attw", [filename, "--profile", "esm-only"]);
  console.log(`${name}: publint and attw agree`);
}
