import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * The links of a built site to headings that do not exist, as sentences. VitePress looks only for the pages.
 *
 * `folder`: the site. `base`: the path under which it is served, such as `/stargrad/`.
 */
export function brokenAnchors(folder: string, base: string): string[] {
  const idsOfPages = new Map<string, ReadonlySet<string>>();
  const idsOf = (file: string): ReadonlySet<string> => {
    const known = idsOfPages.get(file);
    if (known !== undefined) return known;
    const ids = new Set([...readFileSync(file, "utf8").matchAll(/\sid="([^"]+)"/g)].map(([, id = ""]) => id));
    idsOfPages.set(file, ids);
    return ids;
  };
  const broken: string[] = [];
  for (const page of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!page.endsWith(".html")) continue;
    const file = join(folder, page);
    for (const [, href = ""] of readFileSync(file, "utf8").matchAll(/<a\b[^>]*\shref="([^"]*#[^"]+)"/g)) {
      if (/^[a-z]+:|^\/\//.test(href)) continue;
      const at = href.indexOf("#");
      const [path, anchor] = [href.slice(0, at), decodeURIComponent(href.slice(at + 1))];
      const there = path.startsWith(base) ? join(folder, path.slice(base.length)) : join(dirname(file), path);
      let target = path === "" ? file : there;
      if (path.endsWith("/")) target = join(target, "index.html");
      else if (path !== "" && !target.endsWith(".html")) target += ".html";
      if (!existsSync(target)) broken.push(`${page} links to ${href}, and there is no such page`);
      else if (!idsOf(target).has(anchor))
        broken.push(`${page} links to ${href}, but ${relative(folder, target)} has no such heading`);
    }
  }
  return broken;
}
