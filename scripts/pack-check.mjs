// Packs every public package as for publication, and checks the tarball with publint (package.json) and attw (resolution of
// types). Needs `npm run build`.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const tarballs = path("node_modules/.cache/tarballs");

/** Runs a tool. If it fails, prints its output and exits. */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return stdout;
  console.error(`${command} ${args.join(" ")}\n${error?.message ?? stdout + stderr}`);
  process.exit(1);
}

rmSync(tarballs, { recursive: true, force: true });
mkdirSync(tarballs, { recursive: true });

for (const folder of readdirSync(path("packages"))) {
  const packed = run("pnpm", ["pack", "--json", "--pack-destination", tarballs], path(`packages/${folder}`));
  const { name, filename } = JSON.parse(packed);
  run("publint", [filename, "--strict"], path("."));
  run("attw", [filename, "--profile", "esm-only"], path("."));
  console.log(`${name}: publint and attw agree`);
}
