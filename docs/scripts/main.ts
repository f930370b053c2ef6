import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { brokenAnchors } from "./anchors.js";
import { changelog } from "./changelog.js";
import { howFast } from "./how-fast.js";
import { writePictures } from "./pictures.js";
import { writeReference } from "./reference.js";

// `npm run docs`: builds the site into docs/.vitepress/dist. `npm run docs -- --base /stargrad/` builds it for a sub-folder.
// `npm run docs:dev`: serves it while pages are written. The reference and the pictures are written once, at the start.

const [command = "build", ...options] = process.argv.slice(2);
const docs = join(import.meta.dirname, "..");
const root = join(docs, "..");

/** The trainer, whose lessons pages show in frames. */
function buildTrainer(): void {
  const app = join(root, "apps", "trainer");
  const build = ["--conditions=source", "--import", "tsx", join(app, "src", "serve", "build-app.ts")];
  const { status } = spawnSync(process.execPath, build, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("the trainer could not be built");
  const folder = join(docs, "public", "trainer");
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(app, "dist"), folder, { recursive: true });
}

await writeReference(join(docs, "reference"));
await writePictures(join(docs, "reference", "pictures"));
writeFileSync(join(docs, "reference", "changelog.md"), changelog(root));
writeFileSync(
  join(docs, "reference", "how-fast.txt"),
  howFast(readFileSync(join(root, "README.md"), "utf8")),
);
buildTrainer();
const vitepress = join(docs, "node_modules", "vitepress", "bin", "vitepress.js");
const { status } = spawnSync(process.execPath, [vitepress, command, docs, ...options], { stdio: "inherit" });
process.exitCode = status ?? 1;

if (command === "build" && status === 0) {
  const after = (name: string) =>
    options.includes(name) ? options.at(options.indexOf(name) + 1) : undefined;
  const broken = brokenAnchors(after("--outDir") ?? join(docs, ".vitepress", "dist"), after("--base") ?? "/");
  for (const sentence of broken) console.error(`docs: ${sentence}`);
  if (broken.length > 0) process.exitCode = 1;
}
