// `npm run screens`: a picture of every screen of the trainer's page, and the one in the README.
// `npm run screens -- FOLDER` writes them to another folder.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const folder = resolve(process.argv[2] ?? "apps/trainer/node_modules/.cache/screens");
const { status } = spawnSync("npx", ["vitest", "run", "--project", "trainer", "web/screens"], {
  stdio: "inherit",
  env: { ...process.env, STARGRAD_SCREENS: folder, STARGRAD_BROWSER: "required" },
  shell: process.platform === "win32",
});
console.log(`The pictures are in ${folder}.`);
process.exit(status ?? 1);
