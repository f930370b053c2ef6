import { defineConfig } from "vitest/config";

import { conditions } from "../../vitest.config.js";

/** The tests of the two packages whose sources are mutated, as one project: Stryker picks those that a mutant can reach. */
export default defineConfig({
  cacheDir: "node_modules/.cache/vite",
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 60_000,
    include: ["packages/{autograd,compiler}/src/**/*.test.ts"],
  },
});
