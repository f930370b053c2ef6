import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { defineConfig, type MarkdownOptions } from "vitepress";

import { siteLink } from "./links.js";

const docs = join(import.meta.dirname, "..");
const { readMark } = (await import(
  pathToFileURL(join(docs, "..", "scripts", "documented-programs.mjs")).href
)) as {
  readMark: (mark: string, code: string) => { runs: boolean; needsNode: boolean; module: string | undefined };
};

/** The pages to learn from, in the order in which they build on each other. */
const learn = [
  "start",
  "tensors",
  "back-propagation",
  "first-network",
  "training-well",
  "tables",
  "images",
  "sequences",
  "text",
  "generative",
  "reinforcement",
  "fine-tuning",
  "explaining-a-step",
  "your-own",
];
const guides = [
  "coming-from-pytorch",
  "coming-from-keras",
  "coming-from-tensorflow-js",
  "browser-training",
  "recorded-steps",
  "memory",
  "determinism",
  "threads",
  "numerics",
  "errors",
];

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0];

/** A page is called by its title. */
function entry(path: string): { text: string; link: string } {
  const title = /^# (.+)$/m.exec(readFileSync(join(docs, path), "utf8"))?.[1];
  if (title === undefined) throw new Error(`docs/${path} has no title`);
  return { text: title.replaceAll("`", ""), link: `/${path}` };
}

const pagesIn = (folder: string, names: readonly string[]) =>
  names.map((name) => entry(`${folder}/${name}.md`));

/** Files of the repository link to each other by their paths. On the site, those links lead to pages, or to the repository. */
function linkRepository(md: MarkdownIt): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    // Titles are read without a page; pages of the reference have their links from their script.
    const { relativePath } = env as { relativePath?: string };
    if (relativePath === undefined || relativePath.startsWith("reference/")) return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === "link_open" ? token.attrGet("href") : null;
      const there = target === null ? undefined : siteLink(target, `docs/${relativePath}`);
      if (there !== undefined) token.attrSet("href", there);
    }
  });
}

/** Programs of the first page and of the pages to learn from can be run where they stand (theme/live). */
function makeLive(md: MarkdownIt): void {
  const { fence } = md.renderer.rules;
  if (fence === undefined) throw new Error("VitePress has no rule for blocks of code");
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const html = fence(tokens, index, options, env, self);
    const { relativePath } = env as { relativePath?: string };
    const token = tokens.at(index);
    const mark = /^ts(?: (.*))?$/.exec(token?.info.trim() ?? "");
    if (mark === null || !/^(index\.md$|learn\/)/.test(relativePath ?? "")) return html;
    const { runs, needsNode, module } = readMark(mark.at(1) ?? "", token?.content ?? "");
    if (!runs && module === undefined) return html;
    const attributes = `${needsNode ? " needs-node" : ""}${module === undefined ? "" : ` module="${md.utils.escapeHtml(module)}"`}`;
    return `<live-program${attributes}>${html}</live-program>\n`;
  };
}

/** The colours and sizes of the trainer. VitePress says by a class which theme is on. */
const tokens = readFileSync(
  join(docs, "..", "apps", "trainer", "src", "web", "styles", "tokens.css"),
  "utf8",
).replace('[data-theme="dark"]', ".dark");

const star =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath fill='%23f0b818' stroke='%237d5a00' d='M12 2l3 7 7 .6-5.3 4.6 1.7 7L12 17.5 5.6 21.200l1.7-7L2 9.6 9 9z'/%3E%3C/svg%3E";

const moreDocs = [
  { text: "Bundlers and frameworks", link: "/bundlers-and-frameworks.md" },
  { text: "Write an engine", link: "/engines.md" },
  { text: "The primitives", link: "/primitives.md" },
  { text: "PyTorch's names", link: "/reference/pytorch.md" },
];
/** What a reader who chooses a library wants to know. */
const about = [
  { text: "Benchmarks", link: "/benchmarks.md" },
  { text: "Comparison", link: "/comparison.md" },
  { text: "Roadmap", link: "/roadmap.md" },
  { text: "Changelog", link: "/reference/changelog.md" },
];
const [firstDecision = "", ...laterDecisions] = readdirSync(join(docs, "decisions")).sort();

export default defineConfig({
  title: "Stargrad",
  description: "Deep learning for TypeScript, in plain sight.",
  lang: "en",
  srcExclude: ["node_modules/**"],
  head: [["link", { rel: "icon", href: star }]],
  // The list of all pages is one file, instead of a part of each page.
  metaChunk: true,
  markdown: {
    config: (md) => {
      linkRepository(md);
      makeLive(md);
    },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  vue: {
    template: {
      compilerOptions: { isCustomElement: (tag) => tag === "live-program" || tag === "trainer-lesson" },
    },
  },
  vite: {
    // The library from its sources, so that the site needs no other build.
    resolve: { conditions: ["source"] },
    worker: { format: "es" },
    plugins: [
      {
        name: "stargrad-tokens",
        enforce: "pre",
        transform: (code, id) => (id.endsWith("/theme/site.css") ? tokens + code : undefined),
      },
    ],
    // The search index, which is loaded when somebody searches, is larger than the limit.
    build: { chunkSizeWarningLimit: 10_000 },
  },
  themeConfig: {
    logo: star,
    outline: [2, 3],
    externalLinkIcon: true,
    nav: [
      { text: "Learn", link: `/learn/${learn[0] ?? ""}.md`, activeMatch: "/learn/" },
      { text: "Guides", link: `/guides/${guides[0] ?? ""}.md`, activeMatch: "/guides/" },
      { text: "Reference", link: "/reference/index.md", activeMatch: "/reference/" },
      { text: "Decisions", link: `/decisions/${firstDecision}`, activeMatch: "/decisions/" },
    ],
    sidebar: {
      "/reference/": [
        {
          text: "Reference",
          items: [
            { text: "Overview", link: "/reference/index.md" },
            ...readdirSync(join(docs, "..", "packages"))
              .filter((name) => name !== "stargrad")
              .map((name) => ({ text: name, link: `/reference/${name}/index.md` })),
          ],
        },
      ],
      "/decisions/": [
        {
          text: "Decisions",
          items: pagesIn(
            "decisions",
            [firstDecision, ...laterDecisions].map((file) => file.slice(0, -3)),
          ),
        },
      ],
      "/": [
        { text: "Learn", items: pagesIn("learn", learn) },
        { text: "Guides", items: [...pagesIn("guides", guides), ...moreDocs] },
        { text: "About", items: about },
      ],
    },
    socialLinks: [
      { icon: "github", link: "https://github.com/stargrad/stargrad", ariaLabel: "The sources on GitHub" },
    ],
    editLink: {
      pattern: "https://github.com/stargrad/stargrad/edit/main/docs/:path",
      text: "Edit this page",
    },
    search: { provider: "local" },
  },
});
