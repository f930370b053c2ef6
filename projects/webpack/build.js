import { join } from "node:path";
import webpack from "webpack";

webpack(
  {
    mode: "production",
    context: import.meta.dirname,
    entry: { main: "../page.js" },
    output: { path: join(import.meta.dirname, "dist") },
    // The size of the bundle is checked elsewhere.
    performance: { hints: false },
  },
  (error, stats) => {
    const output =
      error ?? (stats.hasErrors() || stats.hasWarnings() ? stats.toString("errors-warnings") : null);
    if (output === null) return;
    console.error(output);
    process.exitCode = 1;
  },
);
