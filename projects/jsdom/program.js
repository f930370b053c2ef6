import { build } from "esbuild";
import { JSDOM } from "jsdom";
import { note } from "../note.js";

// A page in jsdom alone: its script has the globals of the page, and neither Node's modules nor workers.
const contents = `import { sizes, train } from "../training.js"; globalThis.report = train(sizes.small);`;
const stdin = { contents, resolveDir: import.meta.dirname };
const { outputFiles } = await build({ stdin, bundle: true, format: "iife", write: false });
const { window } = new JSDOM("", { runScripts: "outside-only" });
window.eval(outputFiles[0].text);
note("a page", await window.report);
window.close();
