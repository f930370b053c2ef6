const { transformSync } = require("esbuild");

// Like babel-jest, ts-jest and @swc/jest: modules become CommonJS.
exports.process = (source, sourcefile) =>
  transformSync(source, { sourcefile, format: "cjs", target: "node20" });
