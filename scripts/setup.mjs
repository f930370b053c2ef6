// Installs the dependencies of the workspace if they have changed. It needs only Node and npm.
// It prints to the standard error, because the standard output belongs to the command that follows.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Stargrad needs Node 20.19 or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const stamp = path("node_modules/.stargrad-installed");

const hash = createHash("sha256");
for (const name of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"])
  hash.update(readFileSync(path(name)));
const wanted = hash.digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  const { packageManager } = JSON.parse(readFileSync(path("package.json"), "utf8"));
  console.error(`Setting up with ${packageManager} ...`);
  // `--prod=false`: the tools are needed even if NODE_ENV is "production".
  // `--loglevel`: otherwise `npm run --silent` would also hide the reason of a failure.
  const pnpm = [packageManager, "install", "--frozen-lockfile", "--prod=false", "--loglevel=info"];
  const { status, signal, error } = spawnSync("npx", ["--yes", "--loglevel=error", ...pnpm], {
    cwd: path("."),
    stdio: ["ignore", process.stderr, process.stderr],
    // With CI set, pnpm does not ask for confirmation, for instance before it replaces an older node_modules.
    env: { ...process.env, CI: "true" },
    // npx is a .cmd file on Windows.
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(
      `Setting up failed: npx ${pnpm.join(" ")} ended with ${error?.message ?? signal ?? status}.`,
    );
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, wanted);
}
