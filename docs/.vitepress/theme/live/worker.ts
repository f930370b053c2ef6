import { init } from "es-module-lexer";
import { format } from "node-inspect-extracted";
import * as library from "stargrad";

import { reexport, withAddresses, withoutTypes } from "./modules.js";
import { levels, type Start, type Told } from "./protocol.js";

/*
 * Runs one program. It becomes a module of its own, at an address that this worker makes for it, so that it may `await` and import as in a file. An
 * address of this kind is allowed by a policy with `script-src blob:`; nothing is evaluated as a string.
 */

const tell = (told: Told): void => {
  postMessage(told);
};
const addressOf = (code: string): string =>
  URL.createObjectURL(new Blob([code], { type: "text/javascript" }));

const key = "stargrad of the page";
Object.assign(globalThis, { [key]: library });

let program = "";

/** The line of the program that a stack leads to first. */
function lineIn(stack: string | undefined): number | undefined {
  const at = program === "" ? -1 : (stack ?? "").indexOf(`${program}:`);
  if (at < 0) return undefined;
  const line = Number.parseInt((stack ?? "").slice(at + program.length + 1), 10);
  return Number.isNaN(line) ? undefined : line;
}

function fail(error: unknown): void {
  const isError = error instanceof Error;
  const text = isError ? String(error) : format("%s", error);
  // The stripper names the place as (line:column).
  const place = isError ? /\((\d+):\d+\)$/.exec(error.message)?.[1] : undefined;
  tell({
    what: "failed",
    text,
    line: place === undefined ? lineIn(isError ? error.stack : undefined) : Number(place),
  });
}

for (const level of levels) {
  console[level] = (...values: unknown[]) => {
    tell({ what: "printed", level, text: format(...values), line: lineIn(new Error().stack) });
  };
}
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error ?? event.message);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});

addEventListener("message", ({ data }: MessageEvent<Start>) => {
  void run(data);
});

async function run(start: Start): Promise<void> {
  await init();
  tell({ what: "started" });
  const began = performance.now();
  try {
    const addresses = new Map([["stargrad", addressOf(reexport(key, Object.keys(library)))]]);
    // A module may import those before it.
    for (const [name, code] of Object.entries(start.modules)) {
      addresses.set(`./${name}.js`, addressOf(withAddresses(withoutTypes(code), addresses)));
    }
    program = addressOf(withAddresses(withoutTypes(start.program), addresses));
    await import(/* @vite-ignore */ program);
  } catch (error) {
    fail(error);
  }
  tell({ what: "ended", seconds: (performance.now() - began) / 1000 });
}
