// `npm start`: builds the page, serves it on this machine, and opens the browser.

import { join } from "node:path";

import { Command } from "commander";

import { reportError } from "../terminal/report-error.js";
import { wholeNumber } from "../terminal/numbers.js";
import { app, buildPage } from "./build.js";
import { openBrowser } from "./open-browser.js";
import { listen, staticServer } from "./static-server.js";

interface Options {
  readonly port: number;
  readonly open: boolean;
}

const program = new Command("npm start --")
  .description("Open the trainer in the browser.")
  .option("--port <number>", "the port of the page", wholeNumber(0), 4173)
  .option("--no-open", "do not open the browser")
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => {
      write(text.replace(/^error:/, "stargrad:"));
    },
  })
  .action(serve);

async function serve({ port, open }: Options): Promise<void> {
  const folder = join(app, "dist");
  // The port first: who cannot have it should not wait for the build.
  const server = staticServer(folder);
  const taken = await listen(server, port).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "ERR_SOCKET_BAD_PORT") throw error;
    const why = code === "EADDRINUSE" ? "is taken by another program" : "may not be used";
    const other = port === 4173 ? 4174 : 4173;
    console.error(`stargrad: port ${port} ${why}. Try another one: npm start -- --port ${other}`);
    return null;
  });
  if (taken === null) {
    process.exitCode = 1;
    return;
  }
  console.log("Building the page ...");
  try {
    await buildPage(folder);
  } catch (error) {
    server.close();
    throw error;
  }
  const address = `http://localhost:${taken}/`;
  console.log(`The trainer is at ${address} (Ctrl-C ends it).`);
  const reason = open ? await openBrowser(address) : null;
  if (reason !== null) console.log(`The browser was not opened: ${reason}. Open the address yourself.`);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, {});
}
