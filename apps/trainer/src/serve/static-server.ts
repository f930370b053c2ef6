import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** With these headers, the worker may use several threads. */
export const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;

/** Serves the files of a folder, below any path that begins with `base`. */
export function staticServer(
  folder: string,
  {
    base = "/",
    headers = isolation,
  }: { readonly base?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Server {
  return createServer((request, response) => {
    const fail = (status: number): void =>
      void response.writeHead(status, { "Content-Type": "text/plain" }).end(`${status}\n`);
    const path = pathOf(request.url ?? "/");
    if (path === null || !path.startsWith(base)) {
      fail(404);
      return;
    }
    const name = normalize(path.slice(base.length));
    const file = join(folder, name === "." || name === sep ? "index.html" : name);
    // `normalize` has resolved every `..`: what is left of them leads out of the folder.
    if (!file.startsWith(folder + sep)) {
      fail(404);
      return;
    }
    readFile(file).then(
      (data) => {
        const type = types[extname(file)] ?? "application/octet-stream";
        response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-cache", ...headers }).end(data);
      },
      () => {
        fail(404);
      },
    );
  });
}

function pathOf(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return null; // A malformed address is not found.
  }
}

/** Starts a server on a port of this machine; 0 for any that is free. Throws the error of the system, such as EADDRINUSE. */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "localhost", resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
