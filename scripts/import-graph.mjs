// Checks the imports of a workspace, and draws the import graph. imports.mjs is the command that calls this.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { circlesOf, wayAround } from "./circles.mjs";
import { readImports, readPackages } from "./read-imports.mjs";

const [begin, end] = ["<!-- import graph, drawn by `npm run imports -- --write` -->", "<!-- end -->"];

/** Checks the workspace in a folder. With `write`, an outdated picture is redrawn; otherwise it is a failure. */
export function checkImports(root, { write }) {
  const law = lawOf(join(root, "turbo.json"));
  const packages = fromTheTop(readPackages(root), law);
  const imports = readImports(root, packages);
  const circles = checkCircles(join(root, "scripts/known-circles.json"), imports);
  const picture = draw(packages, imports, law);
  const failures = [
    ...circles.failures,
    ...imports.flatMap((each) => upwardFailure(each, packages, law)),
    ...checkPicture(join(root, "ARCHITECTURE.md"), picture, write),
  ];
  return { known: circles.known, failures, imports };
}

/** The rows of the layer law: the tags that each tag may import, or `undefined` if its row has no list. */
function lawOf(file) {
  const { tags } = ts.parseConfigFileTextToJson(file, readFileSync(file, "utf8")).config.boundaries;
  return new Map(Object.entries(tags).map(([tag, { dependencies }]) => [tag, dependencies?.allow]));
}

/** The packages in the order of the rows of the layer law, the last one first. */
function fromTheTop(packages, law) {
  const tags = [...law.keys()];
  const untagged = packages.find(({ tag }) => !law.has(tag));
  if (untagged)
    throw new Error(`${untagged.folder} has the tag ${untagged.tag}, which has no row in turbo.json`);
  return [...packages].sort((a, b) => tags.indexOf(b.tag) - tags.indexOf(a.tag));
}

function mayImport(from, to, law) {
  return to.isPublic && (law.get(from.tag)?.includes(to.tag) ?? !from.isPublic);
}

/** A failure if the imported package is not below the importing one, or not in the list of its row. */
function upwardFailure({ from, fromPackage, to, toPackage }, packages, law) {
  if (fromPackage === toPackage) return [];
  const runsDown = packages.indexOf(toPackage) > packages.indexOf(fromPackage);
  if (runsDown && mayImport(fromPackage, toPackage, law)) return [];
  return [
    `${from} imports ${to}, which runs up: the layer law in turbo.json does not allow ` +
      `${fromPackage.folder} to import ${toPackage.folder}`,
  ];
}

/** Unknown circles between files are failures; so are listed circles that do not exist in this form. */
function checkCircles(file, imports) {
  const listed = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  const nameOf = (files) => [...files].sort().join(" ");
  const found = new Map(circlesOf(imports).map((circle) => [nameOf(circle), circle]));
  const isThere = ({ files }) => found.has(nameOf(files));
  const known = listed.filter(isThere);
  const stale = listed.filter((each) => !isThere(each));
  for (const { files } of known) found.delete(nameOf(files));
  return {
    known: known.map(
      ({ files, reason }) => `known circle of ${files.length} files around ${files[0]}: ${reason}`,
    ),
    failures: [
      ...[...found.values()].map((circle) => describe(circle, imports)),
      ...stale.map(
        ({ files }) =>
          `known-circles.json lists a circle of ${files.length} files around ${files[0]} that does not exist; ` +
          "remove it, or list the files of the circle that remains",
      ),
    ],
  };
}

function describe(circle, imports) {
  const way = wayAround(circle, imports);
  const arrows = way.map(({ from, isType }) => `${from} ${isType ? "-types->" : "->"} `).join("");
  return (
    `${circle.length} files import each other in a circle: ${arrows}${way[0].from}. ` +
    "Move the code that they share into a file that imports none of them"
  );
}

/** The picture in ARCHITECTURE.md, between two comments. */
function checkPicture(file, picture, write) {
  const text = readFileSync(file, "utf8");
  const start = text.indexOf(begin);
  const stop = text.indexOf(end, start);
  if (start < 0 || stop < 0)
    return [`ARCHITECTURE.md lacks the comments around the picture: ${begin} ${end}`];
  const drawn = `${text.slice(0, start)}${begin}\n\n${picture}\n\n${text.slice(stop)}`;
  if (drawn === text) return [];
  if (!write) {
    return [
      "the picture in ARCHITECTURE.md does not match the imports; redraw it: npm run imports -- --write",
    ];
  }
  writeFileSync(file, drawn);
  return [];
}

/** Draws a matrix: the row of a package marks the packages that it imports, in columns of the same order. */
function draw(packages, imports, law) {
  const titles = packages.map(({ folder }) => folder.replace(/^packages\//, ""));
  const numbers = packages.map((_, i) => String(packages.length - i).padStart(2));
  const width = Math.max(...titles.map((title) => title.length)) + 1;
  const line = (number, title, marks) =>
    [number, title.padEnd(width), ...marks.map((mark) => mark.padStart(2))].join(" ").trimEnd();
  const rows = packages.map((row, i) => {
    const marks = packages.map((column) => (row === column ? "■" : markOf(row, column, imports, law)));
    return line(numbers[i], titles[i], marks);
  });
  return ["```", line("  ", "", numbers), ...rows, "```"].join("\n");
}

function markOf(row, column, imports, law) {
  const between = imports.filter(({ fromPackage, toPackage }) => fromPackage === row && toPackage === column);
  if (between.length === 0) return mayImport(row, column, law) ? "·" : "";
  return between.every(({ isType }) => isType) ? "○" : "●";
}
