// Runs turbo without telemetry. turbo.json has no setting for that, and npm scripts cannot set an environment variable in the
// same way on every system.

import { spawnSync } from "node:child_process";

const { status, error } = spawnSync("turbo", process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  shell: process.platform === "win32",
});
if (error !== undefined) console.error(`turbo did not start (${error.message}); run it through \`npm run\`.`);
process.exit(status ?? 1);
