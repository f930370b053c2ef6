import { existsSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** The folder of the package a file belongs to. */
function packageFolder(file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** What tests of several packages share is entered as `@stargrad/compiler/testing`, by tests and the folders `testing/` alone. */
function isTestingRoom(name, file) {
  const isTest =
    file.endsWith(".test.ts") ||
    file.startsWith(join(packageFolder(file), "src", "testing") + sep) ||
    packageFolder(file) === join(import.meta.dirname, "tests");
  return isTest && /^@stargrad\/[^/]+\/testing$/.test(name);
}

/** Packages of the house, their tests and those of all together enter a second door, `@stargrad/graph/internal`. */
function isHouseDoor(name, file) {
  const path = relative(import.meta.dirname, file).split(sep);
  return ["packages", "tests"].includes(path[0]) && /^@stargrad\/[^/]+\/internal$/.test(name);
}

/** A package is entered by its name alone. `no-restricted-imports` knows neither packages nor `import()`. */
const packageBorders = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      deep: "`{{name}}` reaches into another package. Import what its index exports.",
      internal:
        "`{{name}}` is for the packages of this house. Here, write what a user can write: import what the index exports.",
      relative:
        "`{{name}}` leaves this package. Import the other one by its name, and declare it in package.json.",
    },
  },
  create(context) {
    const check = (node) => {
      const name = node?.value;
      if (typeof name !== "string") return;
      const isDeep = /^(@stargrad\/[^/]+|stargrad)\//.test(name);
      if (isDeep && !isTestingRoom(name, context.filename) && !isHouseDoor(name, context.filename)) {
        const messageId = name.endsWith("/internal") ? "internal" : "deep";
        context.report({ node, messageId, data: { name } });
      }
      if (
        name.startsWith(".") &&
        !resolve(dirname(context.filename), name).startsWith(packageFolder(context.filename) + sep)
      ) {
        context.report({ node, messageId: "relative", data: { name } });
      }
    };
    return {
      "ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration, ImportExpression, TSImportType": (
        node,
      ) => {
        check(node.source);
      },
    };
  },
};

const plainSyntax = [
  { selector: "TSEnumDeclaration", message: "Use a union of string literals." },
  { selector: "ExportDefaultDeclaration", message: "Use a named export." },
  {
    selector: "MetaProperty[meta.name='new']",
    message:
      "Use `this.constructor`: Terser, webpack's minifier, moves `new.target` into functions where it is undefined.",
  },
];

/** What an engine that works on its own cannot do: see decision 27. */
const noSynchronousReading = [
  {
    selector:
      "CallExpression > MemberExpression.callee[property.name=/^(dataSync|itemSync|toArraySync|readSync)$/]",
    message:
      "Not every engine can be read at once. Await data(), look at knownData(), compute it in the graph, or put a check there (`check`).",
  },
  {
    selector: "BinaryExpression[operator='instanceof'][right.name='HostStorage']",
    message: "Ask `location` and `canReadSync` of a storage.",
  },
];

/** The files that read at once all the same, and why they may. */
const readsAtOnce = [
  // Engines that are synchronous, and what is looked up in their results.
  "packages/graph/src/reference-engine.ts",
  "packages/wasm/src/**",
  // For tests, which read what they compare.
  "packages/*/src/testing/**",
  // What the synchronous reading of tensors is made of, and `lastingStorage`, `knownData` and checks of indices, which ask first.
  "packages/tensor/src/tensor.ts",
  "packages/tensor/src/engine.ts",
  "packages/tensor/src/functions/indexing.ts",
  // `detectAnomaly` looks at results while they are computed, and says that it needs a synchronous engine.
  "packages/autograd/src/anomaly.ts",
  "packages/autograd/src/loop-iterations.ts",
  // Returns at once, and needs float64.
  "packages/autograd/src/check-gradient.ts",
  "packages/autograd/src/repeated-value.ts",
  // The constructor of a dataset returns at once. What was written down or read from a file is in ordinary memory.
  "packages/datasets/src/arrays.ts",
  // A batch of a dataset in memory is made at once; what is read here was gathered from ordinary memory, or computed from it.
  "packages/datasets/src/values-of.ts",
  // Of what the reference engine has computed, if the current one could not.
  "packages/nn/src/init.ts",
  // Says that it needs a synchronous engine.
  "packages/optim/src/lbfgs.ts",
  // State dicts are in ordinary memory.
  "packages/optim/src/state-dict.ts",
];

export default defineConfig(
  {
    ignores: [
      "**/dist/",
      "**/node_modules/",
      "**/.turbo/",
      "**/coverage/",
      ".stryker-tmp/",
      "**/.vitepress/{cache,.temp}/",
      "docs/{public,reference}/",
    ],
  },
  // Declarations of plain scripts.
  { ignores: ["scripts/*.d.mts"] },
  // Other people's projects, with tools and settings of their own.
  { ignores: ["projects/"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    plugins: { stargrad: { rules: { "package-borders": packageBorders } } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "stargrad/package-borders": "error",
      "no-restricted-syntax": ["error", ...plainSyntax],
      // `const { left, ...rest } = x` is the way to leave a property out.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      // Numbers and booleans print as what they are; shapes and objects still need an explicit conversion.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    files: ["packages/*/src/**/*.ts"],
    ignores: ["**/*.test.ts", ...readsAtOnce],
    rules: { "no-restricted-syntax": ["error", ...plainSyntax, ...noSynchronousReading] },
  },
  {
    // Where `!` is wrong a test fails, which is what it is for.
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    // Tools read their configuration from a default export.
    files: ["**/*.config.{js,ts}", "docs/.vitepress/config.ts", "docs/.vitepress/theme/index.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    // Plain Node scripts belong to no TypeScript project.
    files: ["**/*.{js,mjs}"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly" } },
  },
);
