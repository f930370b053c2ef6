// Packs packages as for publication. Needs `npm run build`.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const tarballs = path("node_modules/.cache/tarballs");

/** Packs every public package into `node_modules/.cache/tarballs`. Returns the name and the file of each, as an iterator. */
export function* packAll() {
  rmSync(tarballs, { recursive: true, force: true });
  mkdirSync(tarballs, { recursive: true });
  for (const folder of readdirSync(path("packages"))) {
    const packed = run(
      "pnpm",
      ["pack", "--json", "--pack-destination", tarballs],
      path(`packages/${folder}`),
    );
    const { name, filename } = JSON.parse(packed);
    yield { name, filename };
  }
}

/** Runs a tool. If it fails, prints its output and exits. */
export function run(command, args, cwd = path(".")) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return stdout;
  console.error(`${command} ${args.join(" ")}\n${error?.message ?? stdout + stderr}`);
  process.exit(1);
}
