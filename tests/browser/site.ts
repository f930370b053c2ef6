import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";

/** The folders of the site. All contain the same files, but are served with different headers. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const folders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  isolated: isolation,
  plain: {},
  /** Exactly the permissions that a page needs. */
  strict: {
    ...isolation,
    "Content-Security-Policy":
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:",
  },
  "without-blobs": {
    ...isolation,
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
  },
  /** A policy that many pages have, which names neither WebAssembly nor workers from blobs. */
  "self-only": { ...isolation, "Content-Security-Policy": "default-src 'self'" },
  "without-wasm": { ...isolation, "Content-Security-Policy": "default-src 'self'; worker-src 'self' blob:" },
};

export interface Site {
  readonly address: string;
  /** The JavaScript of each file, by name. */
  readonly scripts: ReadonlyMap<string, string>;
  close(): void;
}

/** Bundles the page and its worker for browsers, and serves them on this machine. */
export async function openSite(): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: ["page.ts", "worker.ts", "../loader-workers/drawings.worker.ts"].map((name) =>
      join(import.meta.dirname, name),
    ),
    outdir: "/",
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["source"],
    write: false,
  });
  const scripts = new Map(outputFiles.map(({ path, text }) => [path.slice(path.lastIndexOf("/") + 1), text]));
  const server = createServer(({ url = "" }, response) => {
    const [, folder, name] = url.split("/");
    const script = scripts.get(name);
    const text = name === "" ? `<!doctype html><script type="module" src="page.js"></script>` : script;
    if (!(folder in folders) || text === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = script === undefined ? "text/html" : "text/javascript";
    response.writeHead(200, { "Content-Type": type, ...folders[folder] }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://localhost:${port}`,
    scripts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
