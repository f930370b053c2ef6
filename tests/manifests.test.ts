import { readFileSync } from "node:fs";
import { join } from "node:path";

import { version } from "@stargrad/graph/internal";
import { describe, expect, it } from "vitest";

import { folders, publicFolders, readJson, root } from "./workspace.js";

interface Manifest {
  name: string;
  version?: string;
  private?: boolean;
  homepage?: string;
  repository?: { type: string; url: string; directory?: string };
  bugs?: string;
  exports?: object;
  publishConfig?: { exports?: object };
  packageManager?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

interface LayerLaw {
  boundaries: { tags: Record<string, { dependencies?: { allow: string[] } }> };
}

/** The manifest of the workspace, the only place with the project's address. */
const { repository: { url = "" } = {} } = readJson("package.json") as Manifest;
const address = url.replace(/^git\+/, "").replace(/\.git$/, "");

const law = (readJson("turbo.json") as LayerLaw).boundaries.tags;

const packages = folders.map((folder) => {
  const { name, dependencies, devDependencies } = readJson(`${folder}/package.json`) as Manifest;
  const { tags } = readJson(`${folder}/turbo.json`) as { tags: string[] };
  // The first tag of a package names its row in the layer law.
  return { folder, name, tag: tags[0], versions: { ...dependencies, ...devDependencies } };
});

type Package = (typeof packages)[number];

/** The workspace packages that a package declares as dependencies or development dependencies. */
function declared({ versions }: Package): Package[] {
  return packages.filter(({ name }) => name in versions);
}

/** The packages that a package may import by the law; a row without a list allows every public one. */
function allowed({ tag }: Package): Package[] {
  const row = law[tag].dependencies?.allow;
  return packages.filter((other) => row?.includes(other.tag) ?? publicFolders.includes(other.folder));
}

/** The packages that a package reaches through its allowed imports, transitively. */
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

  it("names in its row as `via:` exactly the packages that it reaches but may not import", () => {
    const row = law[self.tag].dependencies?.allow ?? [];
    const via = reached(self).filter((other) => !allowed(self).includes(other));
    expect(new Set(row.filter((tag) => tag.startsWith("via:")))).toEqual(
      new Set(via.map(({ tag }) => `via:${tag}`)),
    );
  });

  it("references in tsconfig.json exactly the packages that package.json declares", () => {
    const expected = declared(self).map(({ folder }) => folder);
    expect(references(`${self.folder}/tsconfig.json`)).toEqual(expected.sort());
  });

  it("declares the addresses of its source and its issues", () => {
    const manifest = readJson(`${self.folder}/package.json`) as Manifest;
    expect(manifest.repository).toEqual({ type: "git", url, directory: self.folder });
    expect(manifest.homepage).toBe(`${address}/tree/main/${self.folder}#readme`);
    expect(manifest.bugs).toBe(`${address}/issues`);
  });

  it("is published with provenance, or is private", () => {
    const manifest = readJson(`${self.folder}/package.json`) as Manifest;
    expect(manifest.private ?? false).toBe(!publicFolders.includes(self.folder));
    if (manifest.private === true) expect(manifest.publishConfig).toBeUndefined();
    else expect(manifest.publishConfig).toMatchObject({ access: "public", provenance: true });
  });

  it("publishes every entry but the one for tests, whose sources are not packed", () => {
    const { exports: entries = {}, publishConfig } = readJson(`${self.folder}/package.json`) as Manifest;
    const published = Object.keys(entries).filter((entry) => entry !== "./testing");
    expect(Object.keys(publishConfig?.exports ?? entries)).toEqual(published);
  });

  it("takes every version from the workspace", () => {
    for (const [name, version] of Object.entries(self.versions)) {
      const ours = packages.some((other) => other.name === name);
      expect(version, name).toBe(ours ? "workspace:*" : "catalog:");
    }
  });
});

describe("the workspace", () => {
  it("has one version, which the code knows", () => {
    const versions = publicFolders.map((folder) => (readJson(`${folder}/package.json`) as Manifest).version);
    expect(new Set(versions), "run `npm run version` instead of `changeset version`").toEqual(
      new Set([version]),
    );
  });

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
