import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { folders, publicFolders, readJson, root } from "./workspace.js";

interface Manifest {
  name: string;
  private?: boolean;
  homepage?: string;
  repository?: { type: string; url: string; directory?: string };
  bugs?: string;
  publishConfig?: unknown;
  packageManager?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

interface LayerLaw {
  boundaries: { tags: Record<string, { dependencies?: { allow: string[] } }> };
}

/** The one place that says where the project lives: the manifest of the workspace. */
const { repository: { url = "" } = {} } = readJson("package.json") as Manifest;
const address = url.replace(/^git\+/, "").replace(/\.git$/, "");

const law = (readJson("turbo.json") as LayerLaw).boundaries.tags;

const packages = folders.map((folder) => {
  const { name, dependencies, devDependencies } = readJson(`${folder}/package.json`) as Manifest;
  const { tags } = readJson(`${folder}/turbo.json`) as { tags: string[] };
  // A package's first tag names its row in the law.
  return { folder, name, tag: tags[0], versions: { ...dependencies, ...devDependencies } };
});

type Package = (typeof packages)[number];

/** The workspace packages that a package declares, for running and for developing alike. */
function declared({ versions }: Package): Package[] {
  return packages.filter(({ name }) => name in versions);
}

/** The packages that the law lets a package import; a row that lists none leaves it every public one. */
function allowed({ tag }: Package): Package[] {
  const row = law[tag].dependencies?.allow;
  return packages.filter((other) => row?.includes(other.tag) ?? publicFolders.includes(other.folder));
}

/** What a package reaches through the packages it may import, and through theirs. */
function reached(from: Package): Package[] {
  return allowed(from).flatMap((below) => [below, ...reached(below)]);
}

function references(file: string): string[] {
  const config = readJson(file) as { references: { path: string }[] };
  return config.references.map(({ path }) => join(file, "..", path)).sort();
}

describe.each(packages)("$folder", (self) => {
  it("has its row in the layer law", () => {
    expect(Object.keys(law)).toContain(self.tag);
  });

  it("declares only packages its row allows", () => {
    expect(declared(self).filter((other) => !allowed(self).includes(other))).toEqual([]);
  });

  it("names in its row as `via:` exactly what it reaches but may not import", () => {
    const row = law[self.tag].dependencies?.allow ?? [];
    const via = reached(self).filter((other) => !allowed(self).includes(other));
    expect(new Set(row.filter((tag) => tag.startsWith("via:")))).toEqual(
      new Set(via.map(({ tag }) => `via:${tag}`)),
    );
  });

  it("references in tsconfig.json exactly what package.json declares", () => {
    const expected = declared(self).map(({ folder }) => folder);
    expect(references(`${self.folder}/tsconfig.json`)).toEqual(expected.sort());
  });

  it("says where its source and its issues are", () => {
    const manifest = readJson(`${self.folder}/package.json`) as Manifest;
    expect(manifest.repository).toEqual({ type: "git", url, directory: self.folder });
    expect(manifest.homepage).toBe(`${address}/tree/main/${self.folder}#readme`);
    expect(manifest.bugs).toBe(`${address}/issues`);
  });

  it("is published with a statement of where it was built, or not at all", () => {
    const manifest = readJson(`${self.folder}/package.json`) as Manifest;
    expect(manifest.private ?? false).toBe(!publicFolders.includes(self.folder));
    if (manifest.private === true) expect(manifest.publishConfig).toBeUndefined();
    else expect(manifest.publishConfig).toMatchObject({ access: "public", provenance: true });
  });

  it("takes every version from the workspace", () => {
    for (const [name, version] of Object.entries(self.versions)) {
      const ours = packages.some((other) => other.name === name);
      expect(version, name).toBe(ours ? "workspace:*" : "catalog:");
    }
  });
});

describe("the workspace", () => {
  it("checks the types of every package, and of the tests of the public ones", () => {
    expect(references("tsconfig.json")).toEqual([...folders, "tsconfig.tests.json"].sort());
    expect(references("tsconfig.tests.json")).toEqual([...publicFolders].sort());
  });

  it("installs and builds with the same pnpm", () => {
    const { packageManager = "" } = readJson("package.json") as Manifest;
    const catalog = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
    expect(catalog).toContain(`\n  ${packageManager.replace("@", ": ")}\n`);
  });

  it("locks versions without naming the host they came from", () => {
    expect(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")).not.toContain("tarball:");
  });
});
