import { join } from "node:path";

/** @type {import("next").NextConfig} */
export default {
  // The folder of the workspace, which has the packages.
  turbopack: { root: join(import.meta.dirname, "..") },
  // For threads in workers of the page.
  headers: () => [
    {
      source: "/:path*",
      headers: [
        { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
        { key: "Cross-Origin-Embedder-Policy", value: "require-corp" },
      ],
    },
  ],
};
