import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const versions = {
  "@jax-js/jax": "0.1.25",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
};

const folder = fileURLToPath(new URL("../../.peers/", import.meta.url));
const manifest = `${JSON.stringify({ private: true, dependencies: versions }, null, 2)}\n`;

/** Loads the package of a peer. The first call installs the packages of all peers into their own folder. */
export function loadPeer(name: keyof typeof versions): unknown {
  install();
  return createRequire(`${folder}package.json`)(name);
}

const stamp = `${folder}node_modules/.installed`;

/** Whether the packages of all peers are installed in these versions. */
export function arePeersInstalled(): boolean {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === manifest;
}

function install(): void {
  if (arePeersInstalled()) return;
  const path = `${folder}package.json`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, manifest);
  console.error("bench: installing the peers into bench/.peers ...");
  const { status } = spawnSync(
    "npm",
    ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"],
    { cwd: folder, stdio: ["ignore", process.stderr, process.stderr], shell: process.platform === "win32" },
  );
  if (status !== 0) throw new Error("npm could not install the peers. Is the registry reachable?");
  writeFileSync(stamp, manifest);
}
