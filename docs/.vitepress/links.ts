import { existsSync } from "node:fs";
import { join, posix } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** Where files of the repository are read that are no pages of this site. */
const repository = "https://github.com/stargrad/stargrad";

/** A link to a file of the repository, as the READMEs of packages have it. */
const ofRepository = `${repository}/tree/main/`;

/**
 * Where a link of a file of the repository leads on the site: to a page, or else to the repository. `undefined` for links that stay as
 * they are: of this site, of others, and to headings. Throws if there is no such file.
 *
 * `from`: the file with the link, from the root of the workspace.
 */
export function siteLink(target: string, from: string): string | undefined {
  const isAbsolute = target.startsWith(ofRepository);
  if (!isAbsolute && /^([a-z]+:|#|\/)/.test(target)) return undefined;
  const hashAt = target.indexOf("#");
  const path = hashAt < 0 ? target : target.slice(0, hashAt);
  const fromRoot = isAbsolute ? path.slice(ofRepository.length) : posix.join(posix.dirname(from), path);
  const file = posix.normalize(fromRoot).replace(/\/$/, "");
  const hash = target.slice(path.length);
  const ofPackage = /^packages\/([^/]+)(\/README\.md)?$/.exec(file)?.[1];
  if (ofPackage !== undefined && ofPackage !== "stargrad") return `/reference/${ofPackage}/index.md${hash}`;
  // Pages of the reference are made with the site.
  if (file.startsWith("docs/") && file.endsWith(".md")) return `/${file.slice("docs/".length)}${hash}`;
  if (!existsSync(join(root, file))) throw new Error(`${from} links to ${target}, which does not exist`);
  return `${ofRepository}${file}${hash}`;
}
